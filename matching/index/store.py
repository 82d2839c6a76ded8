"""Snapshot directories: flat files with checksums, published whole or not at all, never pickled.

A snapshot is a directory with one file per array and `meta.json`, which names their sizes and
SHA-256 digests and carries its own. It is written beside its final place, synced, renamed and
never changed afterwards. Only the service's user can read it. Numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from matching.index.files import clear_leftovers, created, hidden_beside, locked, sync
from matching.index.neighbours import Bytes

FORMAT = 1
META = "meta.json"


class IndexMissing(Exception):
    """There is no snapshot at that place."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"no index snapshot at {directory}")
        self.directory = directory


class IndexDamaged(Exception):
    """A snapshot must not be searched: a file of it is missing, truncated, altered or unknown."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"index snapshot file {path} {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Meta:
    """What a snapshot says of itself.

    `kind` is the index it belongs to, `count` its distinct values, `chunks` its plan. `version`
    and `created_at` are the caller's: what the lists were when it was built.
    """

    kind: str
    count: int
    chunks: int = 0
    version: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileSeal:
    """What a file must be: its length in bytes and its SHA-256 in hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An opened snapshot; the arrays are uint8 views of memory-mapped files, by file name."""

    meta: Meta
    arrays: Mapping[str, Bytes]


class Writer:
    """Takes the arrays of a snapshot that is being built."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seals: dict[str, FileSeal] = {}

    def write(self, name: str, pieces: Iterable[np.ndarray[Any, Any]]) -> None:
        """Write one file: C-contiguous arrays, one after the other."""
        digest = hashlib.sha256()
        size = 0
        with created(self._directory / name) as file:
            for piece in pieces:
                content = piece.reshape(-1).view(np.uint8).data
                file.write(content)
                digest.update(content)
                size += content.nbytes
        self._seals[name] = FileSeal(size, digest.hexdigest())

    def finish(self, meta: Meta) -> None:
        """Write `meta.json`, without which the directory is no snapshot."""
        created_at = meta.created_at.isoformat() if meta.created_at else None
        content = {
            "format": FORMAT,
            **asdict(meta),
            "created_at": created_at,
            "files": {name: asdict(seal) for name, seal in self._seals.items()},
        }
        with created(self._directory / META) as file:
            file.write(json.dumps(content | {"sha256": _digest(content)}, indent=1).encode())
        sync(self._directory)


@contextmanager
def publishing(directory: Path, meta: Meta) -> Iterator[Writer]:
    """Write a snapshot beside its place and rename it there when the block ends without error.

    Raises FileExistsError if the place is taken: a snapshot is never changed. What a killed
    builder left in the same parent directory is cleared away.
    """
    if directory.exists():
        raise FileExistsError(f"there is a snapshot at {directory} already")
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as held:
        with locked(directory.parent):
            clear_leftovers(directory.parent)
            building = hidden_beside(directory)
            held.callback(shutil.rmtree, building, ignore_errors=True)
            held.enter_context(locked(building))
        writer = Writer(building)
        yield writer
        writer.finish(meta)
        building.rename(directory)
        sync(directory.parent)


def load(
    directory: Path, *, kind: str, former: Collection[str] = (), verify: bool = True
) -> Snapshot:
    """Map the files of a snapshot into memory, shared by all processes through the page cache.

    `verify` digests every byte, which also brings the files into the page cache; without it
    only the lengths are checked, for a process whose host has verified the files already.
    `former` are kinds that its caller can still read. Raises IndexMissing and IndexDamaged.
    """
    meta, seals = _read_meta(directory, kind, former)
    with ThreadPoolExecutor() as pool:
        arrays = pool.map(partial(_mapped, directory, verify=verify), seals.keys(), seals.values())
        return Snapshot(meta, dict(zip(seals, arrays, strict=True)))


def kind_of(directory: Path, *, kind: str, former: Collection[str]) -> str:
    """Which of these a snapshot is. Raises IndexMissing, and IndexDamaged for any other."""
    return _read_meta(directory, kind, former)[0].kind


def remove(directory: Path) -> None:
    """Delete a snapshot, all at once for who opens it next; nothing happens if there is none.

    Processes that have it open keep their mapping, and the disk space, until they close it.
    """
    if not directory.parent.is_dir():
        return
    with locked(directory.parent):
        doomed = hidden_beside(directory)
        with suppress(FileNotFoundError):
            directory.rename(doomed)
        shutil.rmtree(doomed)


def _mapped(directory: Path, name: str, seal: FileSeal, *, verify: bool) -> Bytes:
    path = directory / name
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != seal.bytes:
                raise IndexDamaged(path, f"has {size} bytes instead of {seal.bytes}")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except OSError as error:
        raise _unreadable(path, error) from error
    if verify and hashlib.sha256(content).hexdigest() != seal.sha256:
        raise IndexDamaged(path, "does not have the SHA-256 it was published with")
    return np.frombuffer(content, np.uint8)


def _read_meta(
    directory: Path, kind: str, former: Collection[str]
) -> tuple[Meta, dict[str, FileSeal]]:
    if not directory.is_dir():
        raise IndexMissing(directory)
    path = directory / META
    content = _parsed(path)
    if content.pop("format", None) != FORMAT:
        raise IndexDamaged(path, f"is not of format {FORMAT}")
    claimed = content.pop("sha256", None)
    if claimed != _digest({"format": FORMAT, **content}):
        raise IndexDamaged(path, "does not have the SHA-256 it was published with")
    if content["kind"] not in (kind, *former):
        raise IndexDamaged(path, f"describes a {content['kind']} index, not {kind}")
    seals = {name: FileSeal(**seal) for name, seal in content.pop("files").items()}
    created_at = content.pop("created_at")
    return Meta(
        **content, created_at=datetime.fromisoformat(created_at) if created_at else None
    ), seals


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise IndexDamaged(path, "is not JSON") from error
    if not isinstance(content, dict):
        raise IndexDamaged(path, "is not a JSON object")
    return content


def _unreadable(path: Path, error: OSError) -> IndexDamaged:
    missing = isinstance(error, FileNotFoundError)
    return IndexDamaged(path, "is missing" if missing else f"cannot be read: {error.strerror}")


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
