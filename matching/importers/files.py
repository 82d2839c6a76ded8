"""The files of imports that wait: uploaded ones are ours and go away, mounted ones stay.

They hold hashes, from which faint pictures could be drawn: only the service's user reads them.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from matching.models import ImportRun

MOST_OFFERED: Final = 500
UPLOAD_SECONDS: Final = 24 * 3600  # the longest that an upload may take


class FileMissing(Exception):
    """The file that an import names is not there, or not where imports may read."""


def folder() -> Path:
    """Where uploaded files lie until their import ended; made when it is not there."""
    path = Path(settings.IMPORT_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def keep(chunks: Iterable[bytes]) -> Path:
    """Write an uploaded file down, for the service's user alone."""
    path = folder() / f"import-{secrets.token_hex(16)}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(chunks)
    except BaseException:
        path.unlink()
        raise
    return path


def mounted() -> list[str]:
    """The names of the files that an operator put where imports may read them."""
    root = Path(settings.IMPORT_MOUNT_DIR)
    found = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path.relative_to(root)) for path in found[:MOST_OFFERED]]


def mounted_path(name: str) -> Path:
    """The mounted file called `name`. Raises FileMissing, also for a way out of the folder."""
    root = Path(settings.IMPORT_MOUNT_DIR).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise FileMissing(f"there is no mounted file {name[:100]!r}")
    return path


def open_file(run: ImportRun) -> BinaryIO:
    """The file of a run. Raises FileMissing."""
    try:
        return Path(run.path).open("rb")
    except OSError as error:
        raise FileMissing(f"the file can not be read: {error.strerror}") from error


def forget(run: ImportRun) -> None:
    """Delete the file of a run, if it was uploaded for it."""
    if run.file_is_ours and run.path:
        Path(run.path).unlink(missing_ok=True)


def forget_orphans() -> int:
    """Delete files that were uploaded long ago and that no open run needs; returns how many."""
    wanted = set(
        ImportRun.objects.filter(file_is_ours=True, finished_at=None).values_list("path", flat=True)
    )
    oldest = time.time() - UPLOAD_SECONDS
    orphans = [
        path
        for path in folder().iterdir()
        if str(path) not in wanted and path.stat().st_mtime < oldest
    ]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
