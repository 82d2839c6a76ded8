"""The whole service as a context: `with running(port=8000) as service: …`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import MappingProxyType

from hashservice import embedded
from hashservice.embedded.lifeline import dies_with_parent
from hashservice.supervisor.programs import STOP_SECONDS

_MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
_LOG_LINES = 15


class ServiceError(RuntimeError):
    """The service did not come up; the message ends with what it printed last."""


class Service:
    """`manage.py serve` as a child process that answers at `url`; it writes to the file `log`."""

    def __init__(
        self, process: subprocess.Popen[bytes], *, host: str, port: int, log: Path
    ) -> None:
        self._process = process
        self._address = (host, port)
        self.url = f"http://{host}:{port}"
        self.log = log

    def wait(self) -> int:
        """Until it ends by itself or by a signal; its exit status."""
        return self._process.wait()

    def wait_until_answering(self, path: str, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not answers(*self._address, path):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(f"{self.url}{path} does not answer:\n{self._last_lines()}")
            time.sleep(0.05)

    def stop(self) -> int:
        """End it cleanly; its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS + 15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text("utf8", "replace").splitlines()[-_LOG_LINES:])


@contextmanager
def running(
    *,
    port: int,
    log: Path,
    host: str = "127.0.0.1",
    until: str = "/readyz",
    seconds: float = 180.0,
    extra: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Service]:
    """Serve on `port` for a block: the block begins when the path `until` answers 200.

    `extra` is added to its environment.
    Raises ServiceError when that takes longer than `seconds`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, _MANAGE, "serve", "--host", host, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**embedded.without_addresses(os.environ), **extra},
            process_group=0,  # Ctrl-C reaches us, and we stop it
            preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 touches no lock
        )
    service = Service(process, host=host, port=port, log=log)
    try:
        service.wait_until_answering(until, seconds=seconds)
        yield service
    finally:
        service.stop()


def answers(host: str, port: int, path: str) -> bool:
    """Whether a GET of `path` is answered with 200."""
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
