"""One decoder process as its owner sees it."""

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from matching.hashing.decode import DecodeLimitExceeded, DecodeLimits
from matching.hashing.sandbox.limits import SandboxLimits
from matching.hashing.sandbox.wire import Operation, receive, receive_reply, send_request

PROJECT_ROOT: Final = Path(__file__).resolve().parents[3]
WORKER: Final = "matching.hashing.sandbox.worker"
INHERITED_VARIABLES: Final = ("LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")

# The memory of one picture is kept for the next. glibc may otherwise give it back each time,
# depending on where the heap happens to lie, and 340 page faults take longer than the hashing.
MALLOC: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(1 << 20),
}

logger = logging.getLogger(__name__)


class DecoderUnavailable(Exception):
    """No decoder process could be had; nothing is known about the image."""


class DecoderDied(Exception):
    """The process ended in the middle of a job."""


class DecoderProcess:
    """A child that hashes one file at a time. Not thread-safe: the pool lends it out."""

    def __init__(self, limits: DecodeLimits, sandbox: SandboxLimits, worker: str = "") -> None:
        """Start the child without waiting for it; raise DecoderUnavailable if it cannot start."""
        self._sandbox = sandbox
        self._ready = False
        self._started = time.monotonic()
        self.jobs = 0
        self.successor: DecoderProcess | None = None
        self._connection, far_end = socket.socketpair()
        try:
            self._process = _start(far_end, limits, sandbox, worker or WORKER)
        except OSError as error:
            self._connection.close()
            raise DecoderUnavailable("no decoder process could be started") from error
        finally:
            far_end.close()

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    @property
    def worn(self) -> bool:
        """Whether the child has done all the jobs one child may do."""
        return self.jobs >= self._sandbox.jobs_per_child

    def wait_until_ready(self) -> None:
        """Wait for the child's imports; raise DecoderUnavailable if they fail or take too long."""
        if self._ready:
            return
        try:
            deadline = self._started + self._sandbox.start_seconds
            offline = receive(self._connection, 1, deadline)[0]
        except (OSError, EOFError) as error:
            raise DecoderUnavailable("the decoder process did not start") from error
        if not offline:
            logger.warning("the kernel lets decoder processes reach the network")
        self._ready = True

    @property
    def ready(self) -> bool:
        """Whether the child has something to say: it finished its imports, or failed."""
        if self._ready:
            return True
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, operation: Operation, data: bytes) -> float:
        """Hand over one file; the deadline for `receive_reply`.

        Raise DecodeLimitExceeded or DecoderDied, after which the child is of no more use.
        """
        self.jobs += 1
        deadline = time.monotonic() + self._sandbox.job_seconds
        self._connection.settimeout(self._sandbox.job_seconds)
        with self._deaths():
            send_request(self._connection, operation, data)
        return deadline

    def receive_reply(self, deadline: float) -> bytes:
        """Wait for the answer; raise DecodeLimitExceeded, DecoderDied or WireError."""
        with self._deaths():
            return receive_reply(self._connection, deadline)

    @contextmanager
    def _deaths(self) -> Iterator[None]:
        """Tell a child that took too long from one that is gone."""
        try:
            yield
        except TimeoutError as error:
            raise DecodeLimitExceeded("decoding took too much time") from error
        except (OSError, EOFError) as error:
            code = self._end()
            if code == -signal.SIGXCPU:
                raise DecodeLimitExceeded("decoding took too much processor time") from error
            logger.warning("a decoder process ended with %s during a job", code)
            raise DecoderDied from error

    def close(self) -> None:
        """End the child and its successor, whatever they are doing, and leave nothing of them."""
        self._end()
        self._connection.close()
        if self.successor is not None:
            self.successor.close()

    def abandon(self) -> None:
        """Forget a child that belongs to the process we were forked from."""
        self._connection.close()
        self._process.returncode = 0

    def _end(self) -> int:
        self._process.kill()
        return self._process.wait()


def _start(
    far_end: socket.socket, limits: DecodeLimits, sandbox: SandboxLimits, worker: str
) -> subprocess.Popen[bytes]:
    """A fresh interpreter, not a fork: the owner may have threads, keys and connections.

    The environment is not passed on either, it holds secrets.
    """
    descriptor = far_end.fileno()
    arguments = [str(descriptor), json.dumps(asdict(limits)), json.dumps(asdict(sandbox))]
    kept = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-s", "-B", "-m", worker, *arguments],
        env={**kept, **MALLOC, "PYTHONPATH": str(PROJECT_ROOT), "OPENBLAS_NUM_THREADS": "1"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[descriptor],
        start_new_session=True,
    )
