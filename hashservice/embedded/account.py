"""As whom a server runs. PostgreSQL refuses root, and we never create a user for it."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hashservice.embedded.errors import EmbeddedError

_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the system; `switch` says whether we must become it first."""

    uid: int
    gid: int
    switch: bool

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments with which subprocess starts a program as this user."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def runs(self, program: Path) -> bool:
        """Whether this user can start `program` (reach it, load its libraries)."""
        return self._succeeds(str(program), "--version")

    def reaches(self, folder: Path) -> bool:
        """Whether this user can write into `folder` from the root of the file system on."""
        return self._succeeds("test", "-w", str(folder))

    def owns(self, folder: Path) -> None:
        """Give a folder of ours to this user alone."""
        folder.chmod(0o700)
        if self.switch:
            os.chown(folder, self.uid, self.gid)

    def _succeeds(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                command, capture_output=True, cwd="/", check=False, **self.popen_options()
            )
        except OSError:
            return False
        return done.returncode == 0


def own_account() -> Account:
    return Account(os.geteuid(), os.getegid(), switch=False)


def server_account() -> Account:
    """We ourselves, or for root an unprivileged user that exists already."""
    if os.geteuid() != 0:
        return own_account()
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedError(
        "root cannot run PostgreSQL and there is no user 'nobody': set DATABASE_URL"
    )


def own_name() -> str:
    """The name of the user who runs this process, as PostgreSQL's peer authentication sees it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise EmbeddedError(
            f"user id {os.geteuid()} has no name on this system, which PostgreSQL needs: "
            "set DATABASE_URL"
        ) from error
