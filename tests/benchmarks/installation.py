"""A service of its own to measure or to break: state folder, servers and port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from hashservice.embedded import Lease
from hashservice.embedded.locks import is_held
from hashservice.embedded.servers import folder_of
from hashservice.supervisor import Service, running

SERVERS = ("postgres", "valkey")
# What would lead to somebody else's servers and files.
_FOREIGN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_BROKER_URL", "INDEX_DIR")
_PROJECT = Path(__file__).resolve().parent.parent.parent
_SECONDS_TO_STOP = 30.0
_SECONDS_TO_START = 900.0  # the first start of a fresh clone compiles the search


class Installation:
    """PostgreSQL and Valkey on an empty `folder`, and programs that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._leases = {name: Lease(self.server_folder(name)) for name in SERVERS}

    def serving(self) -> AbstractContextManager[Service]:
        """`manage.py serve` on `port`, ready to answer."""
        return running(
            port=self.port, log=self.folder / "logs" / "serve.log", seconds=_SECONDS_TO_START
        )

    def server_folder(self, name: str) -> Path:
        return folder_of(name, state_dir=self.folder, purpose="service")

    def run(self, module: str, *arguments: str) -> str:
        """What the program printed; it shares database and settings with the service."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.environment(),
            cwd=_PROJECT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        """The program as a child to talk to, line by line."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=self.environment(),
            cwd=_PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def environment(self) -> dict[str, str]:
        """This process's environment with the addresses of the servers, which `serve` finds."""
        addresses = [lease.addresses() for lease in self._leases.values()]
        return {**os.environ, **{name: at for known in addresses for name, at in known.items()}}

    def rows(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection as the owner of the tables, who sees every tenant's rows."""
        owner = self.environment()["DATABASE_OWNER_URL"]
        return psycopg.connect(owner, options="-c app.scope=service")

    def close(self) -> None:
        for lease in self._leases.values():
            lease.release()
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while any(is_held(self.server_folder(name) / "keeper.lock") for name in SERVERS):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the servers in {self.folder} do not stop")
            time.sleep(0.1)


@contextmanager
def installation(*, workers: int) -> Iterator[Installation]:
    """An installation for a block; `serve` has `workers` web processes in it."""
    folder = Path(tempfile.mkdtemp(prefix="hashservice-"))
    folder.chmod(0o711)  # started by root, PostgreSQL runs as a user that must pass through
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.removesuffix("_FILE") not in _FOREIGN
    }
    ours = {"HASHSERVICE_STATE_DIR": str(folder), "WEB_WORKERS": str(workers)}
    with patch.dict(os.environ, kept | ours, clear=True):
        installed = Installation(folder)
        try:
            yield installed
        finally:
            installed.close()
            shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
