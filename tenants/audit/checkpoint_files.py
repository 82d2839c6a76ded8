"""Checkpoints outside of the database: one file a log, only ever added to.

Whoever can rewrite the database meets what was signed before here, and in every copy of these
files. An operator can have the kernel hold them so (`chattr +a`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tenants.audit.verify import read_notes

TAIL_BYTES = 4096  # holds several notes


def folder() -> Path:
    return Path(settings.STATE_DIR) / "checkpoints"


def read(log: str) -> list[str]:
    """Every checkpoint of the log, oldest first. What a crash cut short is none."""
    path = _path(log)
    return read_notes(path.read_text("utf8")) if path.exists() else []


class LogFile:
    """The file of one log, open and ours alone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def last(self) -> str | None:
        """The newest checkpoint."""
        start = max(0, os.fstat(self._descriptor).st_size - TAIL_BYTES)
        tail = os.pread(self._descriptor, TAIL_BYTES, start).decode("utf8", "replace")
        return next(reversed(read_notes(tail)), None)

    def append(self, note: str) -> None:
        """Add a checkpoint; it is on the disk when this returns."""
        # The empty lines keep it apart from what a crash may have cut short before it.
        os.write(self._descriptor, f"\n\n{note}".encode())
        os.fsync(self._descriptor)


@contextmanager
def locked(log: str) -> Iterator[LogFile]:
    """The log's file, for one process at a time."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(_path(log), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield LogFile(descriptor)
    finally:
        os.close(descriptor)


def _path(log: str) -> Path:
    return folder() / f"{log}.txt"
