"""Files that are private, on the disk when they say so, and whole or out of sight."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = ".partial"


@contextmanager
def created(path: Path) -> Iterator[BinaryIO]:
    """A new file that only this user can read, synced at the end."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync(directory: Path) -> None:
    """Bring the names in a directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hidden_beside(directory: Path) -> Path:
    """A new private directory on the same file system, to be renamed from or to."""
    return Path(tempfile.mkdtemp(_UNFINISHED, f".{directory.name}.", directory.parent))


def clear_leftovers(parent: Path) -> None:
    """Delete the hidden directories that no living process holds locked."""
    for leftover in parent.glob(f".*{_UNFINISHED}"):
        with suppress(FileNotFoundError, BlockingIOError), locked(leftover, wait=False):
            shutil.rmtree(leftover)


@contextmanager
def locked(directory: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the directory's lock, which a killed process gives back and a living one does not.

    Raises BlockingIOError if another holds it, unless told to wait.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
