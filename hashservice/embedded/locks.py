"""File locks of the kernel (flock): they vanish with the process that holds them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PAUSE_SECONDS = 0.05


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path` alone for a block; waits for its turn."""
    with _open(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def shared(path: Path) -> IO[str]:
    """Hold `path` together with others until the returned file is closed; waits for its turn."""
    handle = _open(path)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def try_exclusive(path: Path, *, seconds: float = 0.0) -> IO[str] | None:
    """Hold `path` alone until the returned file is closed; None when others keep it that long."""
    handle = _open(path)
    deadline = time.monotonic() + seconds
    while not _locked(handle):
        if time.monotonic() >= deadline:
            handle.close()
            return None
        time.sleep(_PAUSE_SECONDS)
    return handle


def is_held(path: Path) -> bool:
    """Whether another process holds `path`."""
    handle = try_exclusive(path)
    if handle is None:
        return True
    handle.close()
    return False


def _open(path: Path) -> IO[str]:
    """For us alone: whoever may read a file may lock it, and keep us waiting."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")


def _locked(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
