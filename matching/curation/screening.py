"""Values that no list may carry, whatever its source says: they would match anybody's files."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matching.hashing import MIN_QUALITY, Signal, SignalInvalid, SignalType, digests

FEWEST_BITS, MOST_BITS = 64, 192
"""A PDQ hash is cut at its median: 128 of its 256 bits are set, fewer only in flat pictures."""

_UNIFORM_HALVES: Final = (bytes(16), b"\xff" * 16)
_EMPTY_FILE: Final = digests(b"")
_EMPTY_FILE_DIGESTS: Final = {_EMPTY_FILE.md5, _EMPTY_FILE.sha1, _EMPTY_FILE.sha256}


def is_flat(signal: Signal) -> bool:
    """Whether the picture was too flat for its PDQ to tell it from others: it is never searched."""
    return signal.quality is not None and signal.quality < MIN_QUALITY


def check_signal(signal: Signal) -> None:
    """Raises SignalInvalid for zeros, the digests of an empty file, and degenerate PDQ hashes."""
    if not any(signal.value):
        raise SignalInvalid(f"{signal.type} is all zero")
    if signal.value in _EMPTY_FILE_DIGESTS:
        raise SignalInvalid(f"{signal.type} is the digest of an empty file")
    if signal.type is SignalType.PDQ and _is_degenerate(signal.value):
        raise SignalInvalid(
            "pdq is degenerate: it would match pictures that have nothing in common"
        )


def _is_degenerate(pdq: bytes) -> bool:
    if pdq[:16] in _UNIFORM_HALVES or pdq[16:] in _UNIFORM_HALVES:
        return True
    bits = int.from_bytes(pdq, "big")
    return not FEWEST_BITS <= bits.bit_count() <= MOST_BITS or _is_symmetric(bits)


def _is_symmetric(bits: int) -> bool:
    """Whether it is the hash of something that equals its own mirror image.

    A mirrored picture has the signs of all odd coefficients turned (in rows, columns, or both); a
    hash all of whose odd bits are alike is a pattern, not a picture. A picture mirrored at its own
    diagonal swaps rows and columns. (In a photo mirrored at an axis these coefficients are noise
    about zero, and so are its bits: that can not be told from a hash.)
    """
    for odd in _ODD:
        if not _FEW < (bits & odd).bit_count() < 128 - _FEW:
            return True
    differing = (bits ^ _transposed(bits)).bit_count() // 2
    return not _FEW < differing < _PAIRS - _FEW


def _transposed(bits: int) -> int:
    """Rows as columns: ever smaller blocks beside the diagonal change places."""
    for distance, blocks in _SWAPS:
        moved = (bits ^ bits >> distance) & blocks
        bits ^= moved ^ moved << distance
    return bits


def _mask(places: Any) -> int:
    """The whole number that has a bit for each true one of 16 x 16 places."""
    return int.from_bytes(np.packbits(places).tobytes(), "big")


_ROW, _COLUMN = np.indices((16, 16))
# Of coefficient (row + 1, column + 1), counted from either end of the hash: so both kinds of places
# are looked at.
_ODD: Final = tuple(
    _mask((place + first) % 2 == 1) for place in (_ROW, _COLUMN, _ROW + _COLUMN) for first in (0, 1)
)
_SWAPS: Final = tuple(
    (15 * size, _mask((_ROW & size != 0) & (_COLUMN & size == 0))) for size in (8, 4, 2, 1)
)
_FEW: Final = 8  # of 128 bits or 120 pairs; by chance so few are never met
_PAIRS: Final = 120
