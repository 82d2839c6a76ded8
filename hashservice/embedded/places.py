"""Where the servers' files lie when the state folder itself cannot hold them.

A server that runs as another user may be unable to reach the state folder (a home of mode 0700),
and a socket's path may be too long for the kernel. Such files go into a private folder elsewhere,
made by mkdtemp and remembered in the state folder; the mode of a parent is never touched.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from hashservice.embedded.errors import EmbeddedError

# sun_path holds 108 bytes on Linux and 104 elsewhere; PostgreSQL adds its file name and a ".lock".
LONGEST_SOCKET_FOLDER = 80
_ADVICE = "set HASHSERVICE_STATE_DIR to a folder of yours"
_PERSISTENT = Path("/var/tmp")  # noqa: S108 only the parent of folders that mkdtemp makes
_SHORT = Path("/tmp")  # noqa: S108


def make_folder(folder: Path, *, traversable: bool = False) -> Path:
    """Make a folder of our own; `traversable` lets others pass through a new one."""
    try:
        for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
            missing.mkdir(exist_ok=True)
            missing.chmod(0o711 if traversable else 0o700)
    except OSError as error:
        raise EmbeddedError(f"{folder} cannot be made ({error.strerror}): {_ADVICE}") from error
    if not os.access(folder, os.W_OK):
        raise EmbeddedError(f"{folder} cannot be written: {_ADVICE}")
    return folder


def persistent_folder(record: Path) -> Path:
    """The traversable folder remembered in `record`, where temporary files survive a reboot."""
    return _remembered(record, _PERSISTENT)


def socket_folder(folder: Path) -> Path:
    """A folder for a socket: `folder` itself, or a short one where its path would be too long."""
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        folder = _remembered(folder.with_suffix(".place"), _SHORT) / "socket"
    return make_folder(folder)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder so that it is there whole or not at all, whenever we are stopped."""
    if target.exists():
        return
    make_folder(target.parent, traversable=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    shutil.copytree(source, draft / source.name, symlinks=True)
    (draft / source.name).rename(target)
    draft.rmdir()


def _remembered(record: Path, parent: Path) -> Path:
    if record.exists():
        folder = Path(record.read_text("utf8"))
        if _is_ours(folder):
            return folder
    folder = Path(tempfile.mkdtemp(prefix="hashservice-", dir=parent))
    folder.chmod(0o711)
    draft = record.with_suffix(".draft")
    draft.write_text(str(folder), "utf8")
    draft.replace(record)
    return folder


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
