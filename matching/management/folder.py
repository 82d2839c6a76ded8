"""The signatures of every image of a folder, made by all cores, one decoder process each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from matching.hashing import DecodeLimits, ImageError, ImageHashes
from matching.hashing.sandbox import LocalDecoderPool, SandboxLimits

LIMITS: Final = DecodeLimits(max_bytes=200 * 1024 * 1024)
"""Originals are larger than what the service takes in: their copies are what is submitted."""

SANDBOX: Final = SandboxLimits(job_seconds=60, cpu_seconds=30, memory_bytes=2 << 30)
FILES_AT_ONCE: Final = 1_024


@dataclass(frozen=True, slots=True)
class Folder:
    """The files below a folder, and the sub-folders that could not be opened, with the reason."""

    files: Sequence[Path]
    closed: Sequence[tuple[Path, str]]


@dataclass(frozen=True, slots=True)
class Signatures:
    """The hashes of one image, and its local signature unless it is too smooth for one."""

    hashes: ImageHashes
    local: bytes | None


def explore(directory: Path) -> Folder:
    """All files below `directory`, in order of name. Links are followed, into each folder once.

    Pipes, sockets and devices are left out. Broken links are in: reading them tells the reason.
    """
    errors: list[OSError] = []
    visited = {_identity(directory)}
    files: list[Path] = []
    for name, folders, names in os.walk(directory, onerror=errors.append, followlinks=True):
        here = Path(name)
        folders[:] = [folder for folder in sorted(folders) if _is_new(here / folder, visited)]
        files += [path for path in map(here.joinpath, sorted(names)) if _is_worth_a_try(path)]
    return Folder(files, [(Path(error.filename), error.strerror or "") for error in errors])


def hash_files(files: Sequence[Path], *, jobs: int) -> Iterator[tuple[Path, Signatures | str]]:
    """Each of `files`, in order, with its hashes or the reason why there are none."""
    remaining = iter(files)
    with (
        LocalDecoderPool(size=jobs, limits=LIMITS, sandbox=SANDBOX) as decoders,
        ThreadPoolExecutor(jobs) as readers,
    ):
        while batch := list(islice(remaining, FILES_AT_ONCE)):
            results = readers.map(lambda path: _hashed(path, decoders), batch)
            yield from zip(batch, results, strict=True)


def _hashed(path: Path, decoders: LocalDecoderPool) -> Signatures | str:
    try:
        if path.stat().st_size > LIMITS.max_bytes:
            return f"more than {LIMITS.max_bytes} bytes"
        data = path.read_bytes()
        return Signatures(decoders.register(data), decoders.register_local(data))
    except OSError as error:
        return error.strerror or str(error)
    except ImageError as error:
        return str(error)


def _identity(directory: Path) -> tuple[int, int]:
    status = directory.stat()
    return status.st_dev, status.st_ino


def _is_new(directory: Path, visited: set[tuple[int, int]]) -> bool:
    identity = _identity(directory)
    if identity in visited:
        return False
    visited.add(identity)
    return True


def _is_worth_a_try(path: Path) -> bool:
    return path.is_file() or not path.exists()
