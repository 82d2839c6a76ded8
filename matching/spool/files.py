"""One file a lot: its images one after the other, each sealed for itself."""

from __future__ import annotations

import itertools
import os
import shutil
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_bytes
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES: Final = 12
LENGTH: Final = struct.Struct(">Q")


class SpoolDamaged(Exception):
    """A lot's file is missing, cut or altered: its images can not be read any more."""


def write_lot(*, name: str, key: bytes, number: int, images: Sequence[bytes]) -> None:
    """Seal `images` with AES-256-GCM under `key` (32 bytes); on disk when this returns.

    `name` is the batch's, `number` the lot's; each image is bound to both and to its place.
    """
    folder = _folder(name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    cipher = AESGCM(key)
    descriptor = os.open(_path(name, number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for place, image in enumerate(images):
            nonce = token_bytes(NONCE_BYTES)
            sealed = nonce + cipher.encrypt(nonce, image, _place(name, number, place))
            file.write(LENGTH.pack(len(sealed)) + sealed)
        file.flush()
        os.fsync(file.fileno())
    _sync(folder)


def read_lot(*, name: str, key: bytes, number: int) -> Iterator[bytes]:
    """The images of a lot, one in memory at a time. Raises SpoolDamaged, and ends with that."""
    try:
        with _path(name, number).open("rb") as file:
            yield from _opened(file, AESGCM(key), name, number)
    except (OSError, struct.error, InvalidTag, ValueError) as error:
        raise SpoolDamaged(f"lot {number} of {name} can not be read") from error


def remove_lot(*, name: str, number: int) -> None:
    _path(name, number).unlink(missing_ok=True)


def forget(name: str) -> None:
    """Remove all that is spooled of a batch."""
    shutil.rmtree(_folder(name), ignore_errors=True)


def sweep(*, older_than_seconds: float) -> list[str]:
    """Remove what was begun that long ago, whoever left it; the names of the batches."""
    old = names(prefix="", older_than_seconds=older_than_seconds)
    for name in old:
        forget(name)
    return old


def names(*, prefix: str, older_than_seconds: float) -> list[str]:
    """Under which names that begin with `prefix` something was spooled that long ago."""
    before = time.time() - older_than_seconds
    folders = Path(settings.SPOOL_DIR).glob(f"{prefix}*")
    return [folder.name for folder in folders if _began(folder) < before]


def _opened(file: BinaryIO, cipher: AESGCM, name: str, number: int) -> Iterator[bytes]:
    left = os.fstat(file.fileno()).st_size
    for place in itertools.count():
        if not left:
            return
        (length,) = LENGTH.unpack(file.read(LENGTH.size))
        left -= LENGTH.size + length
        if left < 0:  # a length that was altered must not have that much memory set aside
            raise ValueError("more is announced than there is")
        nonce, ciphertext = file.read(NONCE_BYTES), file.read(length - NONCE_BYTES)
        yield cipher.decrypt(nonce, ciphertext, _place(name, number, place))


def _place(name: str, number: int, place: int) -> bytes:
    return f"{name}/{number}/{place}".encode()


def _folder(name: str) -> Path:
    return Path(settings.SPOOL_DIR) / name


def _path(name: str, number: int) -> Path:
    return _folder(name) / str(number)


def _began(folder: Path) -> float:
    """Lots are removed as time goes by, which renews the folder: its oldest file tells."""
    try:
        return min(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except FileNotFoundError:
        return time.time()


def _sync(folder: Path) -> None:
    """A new name in a folder is on disk only when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
