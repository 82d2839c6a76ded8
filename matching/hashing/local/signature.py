"""What is kept of a known picture for finding parts of it: about 5 KB, no pixel.

Local descriptors with their places can in part be turned back into a sketch of the picture
(Weinzaepfel et al. 2011): a signature is as sensitive as what it was made from.

Format, version 1, little-endian, lengths in bytes: magic `HL` (2), version (1), number of
keypoints n <= 128 (1), width and height of the reference frame (2 + 2), mask of the informative
windows, lowest bit first (8), codes (32 n), geometry (4 n), window hashes (58 * 8, zero where
the mask is).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.arrays import Bytes
from matching.hashing.local.projection import CODE_BYTES
from matching.hashing.local.windows import WINDOW_BYTES, WINDOWS
from matching.hashing.signal import SignalInvalid

MAGIC: Final = b"HL"
VERSION: Final = 1
MAX_KEYPOINTS: Final = 128

REFERENCE_SIDE: Final = 512
"""Longest side, in pixels, of the frame that a reference's keypoints are stored in."""

MIN_SIDE: Final = 16
GEOMETRY_BYTES: Final = 4
HEADER: Final = struct.Struct("<2sBBHHQ")
WINDOWS_LENGTH: Final = WINDOWS * WINDOW_BYTES

MIN_KEYPOINTS: Final = 20
MIN_WINDOWS: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class LocalSignature:
    """Codes, places and window hashes of one reference, best keypoints first.

    `codes` uint8 (n, 32). `geometry` uint8 (n, 4): x and y in 1/256 of the sides, 40 times the
    natural logarithm of the size in pixels, angle in 1/256 of a turn. `windows` uint8 (58, 8),
    `informative` bool (58,). `width` and `height` of the reference frame in pixels.
    """

    codes: Bytes
    geometry: Bytes
    windows: Bytes
    informative: NDArray[np.bool_]
    width: int
    height: int
    version: int = VERSION

    @property
    def gated(self) -> bool:
        """Too smooth or empty to be told from other pictures: must not be matched by parts."""
        return len(self.codes) < MIN_KEYPOINTS or int(self.informative.sum()) < MIN_WINDOWS

    def to_bytes(self) -> bytes:
        """The signature in its binary format; equal signatures give equal bytes."""
        mask = int.from_bytes(np.packbits(self.informative, bitorder="little").tobytes(), "little")
        header = HEADER.pack(MAGIC, self.version, len(self.codes), self.width, self.height, mask)
        windows = np.where(self.informative[:, None], self.windows, np.uint8(0))
        return header + self.codes.tobytes() + self.geometry.tobytes() + windows.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the binary format; raise SignalInvalid for anything `to_bytes` cannot write."""
        count, width, height, mask = _header(data)
        body = np.frombuffer(data, np.uint8, offset=HEADER.size)
        codes, geometry, windows = np.split(
            body, [count * CODE_BYTES, count * (CODE_BYTES + GEOMETRY_BYTES)]
        )
        informative = np.array([mask >> window & 1 for window in range(WINDOWS)], np.bool_)
        hashes = windows.reshape(WINDOWS, WINDOW_BYTES)
        if mask >> WINDOWS or hashes[~informative].any():
            raise SignalInvalid("local signature has windows its mask does not name")
        return cls(
            codes.reshape(count, CODE_BYTES),
            geometry.reshape(count, GEOMETRY_BYTES),
            hashes,
            informative,
            width,
            height,
        )


def _header(data: bytes) -> tuple[int, int, int, int]:
    """Keypoints, width, height and window mask, checked."""
    if len(data) < HEADER.size:
        raise SignalInvalid("local signature is shorter than its header")
    magic, version, count, width, height, mask = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise SignalInvalid(f"not a local signature of version {VERSION}")
    if count > MAX_KEYPOINTS:
        raise SignalInvalid(f"local signature has {count} keypoints, more than {MAX_KEYPOINTS}")
    if max(width, height) != REFERENCE_SIDE or min(width, height) < MIN_SIDE:
        raise SignalInvalid(f"local signature has a frame of {width} x {height} pixels")
    expected = HEADER.size + count * (CODE_BYTES + GEOMETRY_BYTES) + WINDOWS_LENGTH
    if len(data) != expected:
        raise SignalInvalid(f"local signature takes {expected} bytes, not {len(data)}")
    return count, width, height, mask
