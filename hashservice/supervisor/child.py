"""One child of the supervisor: started, read, started again when it dies, ended with its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from hashservice.embedded.lifeline import dies_with_parent
from hashservice.supervisor.programs import Program

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 4.0
_SETTLED_SECONDS = 10.0
_READ_BYTES = 65536


class Child:
    """A running program, leader of a process group of its own, its output a pipe to us."""

    def __init__(self, program: Program, *, environ: Mapping[str, str], folder: Path) -> None:
        self.name = program.name
        self._program = program
        self._environ = environ
        self._folder = folder
        self._pause = FIRST_PAUSE_SECONDS
        self._ended_at: float | None = None
        self._partial = b""
        self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> int:
        """The file descriptor to wait on for lines."""
        return self._pipe

    def read_lines(self) -> list[str]:
        """The lines that have come in whole; never waits."""
        with contextlib.suppress(BlockingIOError):
            self._partial += os.read(self._pipe, _READ_BYTES)
        *lines, self._partial = self._partial.split(b"\n")
        return [line.decode("utf8", "replace").rstrip() for line in lines if line.strip()]

    def is_running(self) -> bool:
        return self._process.poll() is None

    def mourn(self) -> str | None:
        """Once for every death: what to say of it. Nothing of the dead one's own is left over."""
        if self.is_running() or self._ended_at is not None:
            return None
        self._kill_group()
        self._ended_at = time.monotonic()
        if self._ended_at - self._started_at > _SETTLED_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        return f"ended with status {self._process.returncode}; starting it again"

    def is_due(self) -> bool:
        """Whether a dead child has been dead for its pause, which grows while it keeps dying."""
        return self._ended_at is not None and time.monotonic() - self._ended_at >= self._pause

    def restart(self) -> None:
        os.close(self._pipe)
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        self._start()

    def ask_to_stop(self) -> None:
        if self.is_running():
            self._process.terminate()

    def end(self) -> None:
        """Kill what is left of it and of its own children."""
        self._kill_group()
        self._process.wait()
        os.close(self._pipe)

    def _start(self) -> None:
        self._pipe, end = os.pipe()
        os.set_blocking(self._pipe, False)
        self._partial = b""
        try:
            self._process = subprocess.Popen(
                self._program.command,
                stdin=subprocess.DEVNULL,
                stdout=end,
                stderr=end,
                cwd=self._folder,
                env=dict(self._environ),
                process_group=0,  # a Ctrl-C at the terminal reaches the supervisor alone
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 one thread only
            )
        finally:
            os.close(end)
        self._started_at = time.monotonic()
        self._ended_at = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
