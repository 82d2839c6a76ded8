"""A file being read: how far, and what it was."""

from __future__ import annotations

import hashlib
import io
from typing import Any, BinaryIO


class Source(io.RawIOBase):
    """Passes `file` through; counts the bytes and digests them, for the audit log."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._digest = hashlib.sha256()
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        self.bytes_read += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """Of what was read so far, in hexadecimal; of the file, once it was read to its end."""
        return self._digest.hexdigest()
