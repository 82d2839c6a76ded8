"""Values that no list may carry, whatever its source says: they would match anybody's files."""

from __future__ import annotations

from typing import Final

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
    return not FEWEST_BITS <= int.from_bytes(pdq, "big").bit_count() <= MOST_BITS
