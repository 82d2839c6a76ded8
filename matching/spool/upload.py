"""A whole upload that must be read back and forth (a ZIP), never in clear on a disk."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from secrets import token_bytes
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

CHUNK_BYTES: Final = 1 << 20
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
STRIDE: Final = NONCE_BYTES + CHUNK_BYTES + TAG_BYTES


class SealedUpload(io.RawIOBase):
    """Bytes appended in one go and then read back and forth: an unnamed file of sealed chunks.

    Its key is only in memory, and the file has no name: with the process both are gone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cipher = AESGCM(token_bytes(32))
        Path(settings.SPOOL_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=settings.SPOOL_DIR)  # noqa: SIM115 closed with us
        self._waiting = bytearray()
        self._length = self._position = 0
        self._chunk_number, self._chunk = -1, b""

    def append(self, part: bytes) -> None:
        self._waiting += part
        self._length += len(part)
        while len(self._waiting) >= CHUNK_BYTES:
            self._seal(CHUNK_BYTES)

    def complete(self) -> None:
        """Nothing more is appended; from here on it is read."""
        self._seal(len(self._waiting))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if start + offset < 0:
            raise OSError("a position before the beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills `buffer` across chunks: readers take a short read for the end of the file."""
        filled = 0
        while filled < len(buffer) and self._position < self._length:
            number, start = divmod(self._position, CHUNK_BYTES)
            part = self._chunk_at(number)[start : start + len(buffer) - filled]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            self._position += len(part)
        return filled

    def close(self) -> None:
        self._file.close()
        super().close()

    def _seal(self, size: int) -> None:
        nonce, number = token_bytes(NONCE_BYTES), self._file.tell() // STRIDE
        chunk = bytes(self._waiting[:size])
        self._file.write(nonce + self._cipher.encrypt(nonce, chunk, str(number).encode()))
        del self._waiting[:size]

    def _chunk_at(self, number: int) -> bytes:
        if number != self._chunk_number:
            self._file.seek(number * STRIDE)
            sealed = self._file.read(STRIDE)
            nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            self._chunk = self._cipher.decrypt(nonce, ciphertext, str(number).encode())
            self._chunk_number = number
        return self._chunk
