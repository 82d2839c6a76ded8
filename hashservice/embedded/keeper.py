"""Keeps one embedded server alive while anybody uses it: `python -m hashservice.embedded.keeper`.

A detached process, the server's parent. It starts the server again when it dies and stops it, and
itself, soon after the last user has gone. Who is alive is written down nowhere: each of these files
in the server's folder is locked by whoever lives, and the kernel undoes the lock.

    users.lock   shared by every process that uses the server; the keeper takes it alone to stop
    keeper.lock  the keeper's
    server.lock  the keeper's and, inherited, every process' of the server: while an orphan of a
                 killed keeper lives, no second server starts on the same data
    start.lock   whoever is starting a keeper
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO

from hashservice.embedded.errors import EmbeddedError
from hashservice.embedded.lifeline import dies_with_parent
from hashservice.embedded.locks import try_exclusive
from hashservice.embedded.servers import READY, READY_SECONDS, Server, server_in

GRACE_SECONDS = 2.0
STOP_SECONDS = 30.0
RESTART_PAUSE_SECONDS = 0.5
_TICK_SECONDS = 0.2
_ORPHANS_SECONDS = 20.0
_LARGEST_LOG_BYTES = 10_000_000
_LOG_LINES = 10


class Keeper:
    """The parent of one server. `lock` is the open server.lock that the server inherits."""

    def __init__(self, server: Server, lock: IO[str]) -> None:
        self._server = server
        self._lock = lock
        self._told_to_stop = False
        self._process = self._start()

    def stop_when_told(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._be_told)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._server.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"{self._server.name} does not start:\n{self._last_lines()}")
            time.sleep(0.02)

    def keep(self) -> IO[str] | None:
        """Returns when nobody has used the server for a moment, with users.lock held alone.

        None when a signal ended it.
        """
        lonely_since: float | None = None
        while not self._told_to_stop:
            time.sleep(_TICK_SECONDS)
            self._restart_if_dead()
            alone = try_exclusive(self._server.folder / "users.lock")
            if alone is None:
                lonely_since = None
                continue
            lonely_since = lonely_since or time.monotonic()
            if time.monotonic() - lonely_since >= GRACE_SECONDS:
                return alone
            alone.close()
        return None

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(self._server.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log_path().open("ab") as log:
            return subprocess.Popen(
                self._server.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                pass_fds=[self._lock.fileno()],
                preexec_fn=dies_with_parent(self._server.stop_signal),  # noqa: PLW1509 no threads
                **self._server.account.popen_options(),
            )

    def _restart_if_dead(self) -> None:
        if self._process.poll() is None:
            return
        _log(f"{self._server.name} ended with status {self._process.returncode}; starting it again")
        time.sleep(RESTART_PAUSE_SECONDS)
        self._process = self._start()

    def _be_told(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._told_to_stop = True

    def _log_path(self) -> Path:
        return self._server.folder / "server.log"

    def _last_lines(self) -> str:
        return "\n".join(self._log_path().read_text("utf8", "replace").splitlines()[-_LOG_LINES:])


def keep(folder: Path) -> None:
    """Be the keeper of `folder`'s server, unless there is one; returns when nobody uses it."""
    keeper_lock = try_exclusive(folder / "keeper.lock", seconds=1)
    if keeper_lock is None:
        _say_ready(folder)
        return
    server = server_in(folder)
    server_lock = try_exclusive(folder / "server.lock", seconds=_ORPHANS_SECONDS)
    if server_lock is None:
        raise EmbeddedError(f"an earlier {server.name} still runs on {folder}: end it first")
    _shorten(folder / "server.log")
    server.prepare()
    keeper = Keeper(server, server_lock)
    keeper.stop_when_told()
    keeper.wait_until_ready()
    _say_ready(folder)
    alone = keeper.keep()
    keeper.stop()
    # In this order: who waits for users.lock must find the keeper gone.
    for lock in (server_lock, keeper_lock, alone):
        if lock is not None:
            lock.close()


def _say_ready(folder: Path) -> None:
    """Answer the process that started us, then let go of it: from here on we write to a log."""
    print(READY, flush=True)  # noqa: T201 the answer the starter waits for
    with (folder / "keeper.log").open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())


def _shorten(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _log(line: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(stamp, line, flush=True)  # noqa: T201 stdout is keeper.log


def main() -> None:
    if os.fork():
        os._exit(0)  # the starter waits for this; the keeper itself belongs to nobody
    os.setsid()
    os.umask(0o077)  # a log may quote what a client sent
    try:
        keep(Path(sys.argv[1]))
    except EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
