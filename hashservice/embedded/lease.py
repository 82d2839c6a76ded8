"""A user's side of an embedded server: while the lease is held, the server runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from hashservice.embedded.errors import EmbeddedError
from hashservice.embedded.locks import exclusive, is_held, shared
from hashservice.embedded.servers import READY, READY_SECONDS, Server, server_in

_PROJECT = Path(__file__).resolve().parent.parent.parent


class Lease:
    """This process's share in the server of `folder`; starts it when nobody has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with exclusive(folder / "start.lock"):
            self._users = shared(folder / "users.lock")
            self._server: Server = server_in(folder)
            self._keep_until_it_answers()

    def addresses(self) -> dict[str, str]:
        """The environment variables that lead to the server."""
        return self._server.addresses()

    def renew(self) -> None:
        """Start a keeper again when ours was killed."""
        if is_held(self._folder / "keeper.lock"):
            return
        with exclusive(self._folder / "start.lock"):
            self._keep_until_it_answers()

    def release(self) -> None:
        """Without users the server stops after a moment."""
        self._users.close()

    def _keep_until_it_answers(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if not is_held(self._folder / "keeper.lock"):
                _start_keeper(self._folder)
            if self._server.answers():
                return
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self._server.name} does not answer: see {self._folder}/server.log"
                )
            time.sleep(0.05)


def _start_keeper(folder: Path) -> None:
    """Returns when the new keeper's server answers; raises with what the keeper said instead."""
    variables = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}
    }
    done = subprocess.run(
        [sys.executable, "-m", "hashservice.embedded.keeper", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=_PROJECT,
        env=variables,
        text=True,
        check=False,
    )
    if done.stdout.strip() != READY:
        raise EmbeddedError(done.stdout.strip() or "the keeper of an embedded server did not start")
