"""What the keeper and the users know of a server, whichever it is."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from hashservice.embedded.account import Account
from hashservice.embedded.places import make_folder
from hashservice.embedded.postgres import Postgres
from hashservice.embedded.valkey import Valkey

Purpose = Literal["service", "test"]

READY = "ready"  # what a keeper says, once, when its server answers
READY_SECONDS = 60.0


class Server(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def folder(self) -> Path: ...

    @property
    def account(self) -> Account: ...

    @property
    def stop_signal(self) -> signal.Signals: ...

    def addresses(self) -> dict[str, str]: ...

    def prepare(self) -> None: ...

    def command(self) -> list[str]: ...

    def answers(self) -> bool: ...


class _Maker(Protocol):
    def __call__(self, folder: Path, *, durable: bool) -> Server: ...


_MAKERS: Mapping[str, _Maker] = {"postgres": Postgres, "valkey": Valkey}


def folder_of(name: str, *, state_dir: Path, purpose: Purpose) -> Path:
    """The server's folder, made if missing; another user's server may have to pass through it."""
    return make_folder(state_dir.resolve() / purpose / name, traversable=os.geteuid() == 0)


def server_in(folder: Path) -> Server:
    """The server of a folder. Its name and purpose are the last two parts of the path."""
    return _MAKERS[folder.name](folder, durable=folder.parent.name == "service")
