"""Values that no list may carry, whatever its source says: they would match anybody's files."""

from __future__ import annotations

from typing import Final

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
    if pdq[:16] in _UNIFORM_HALVES or pdq[16:] in _UNIFORM_HALVES or _is_symmetric(pdq):
        return True
    return not FEWEST_BITS <= int.from_bytes(pdq, "big").bit_count() <= MOST_BITS


def _is_symmetric(pdq: bytes) -> bool:
    """Whether it is the hash of something that equals its own mirror image.

    A mirrored picture has the signs of all odd coefficients turned (in rows, columns, or both); a
    hash all of whose odd bits are alike is a pattern, not a picture. A picture mirrored at its own
    diagonal swaps rows and columns. (In a photo mirrored at an axis these coefficients are noise
    about zero, and so are its bits: that can not be told from a hash.)
    """
    bits = np.unpackbits(np.frombuffer(pdq, np.uint8)).reshape(16, 16)
    if any(int(bits[odd].sum()) in _ODD_COUNTS for odd in _ODD):
        return True
    differing = int((bits != bits.T).sum()) // 2
    return min(differing, _PAIRS - differing) <= _FEW


_ROW, _COLUMN = np.indices((16, 16))
# Of coefficient (row + 1, column + 1), counted from either end of the hash: so both kinds of places
# are looked at.
_ODD: Final = tuple(
    (place + first) % 2 == 1 for place in (_ROW, _COLUMN, _ROW + _COLUMN) for first in (0, 1)
)
_FEW: Final = 8  # of 128 bits or 120 pairs; by chance so few are never met
_ODD_COUNTS: Final = (*range(_FEW + 1), *range(128 - _FEW, 129))
_PAIRS: Final = 120
