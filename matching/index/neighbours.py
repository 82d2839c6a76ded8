"""What a search gives back: distinct 256-bit hashes and how far each one lies from the query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HASH_BYTES = 32
MAX_RADIUS = 31
"""PDQ's published threshold; every chunk plan is exact up to here and no further."""

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Distinct hashes within the radius: nearest first, equal distances in byte order.

    `hashes` is uint8 (k, 32), `distances` uint8 (k,) in bits.
    """

    hashes: Bytes
    distances: Bytes

    def __len__(self) -> int:
        return len(self.distances)

    def pairs(self) -> list[tuple[bytes, int]]:
        """The same neighbours as `(hash, distance)` pairs, for looking entries up by hash."""
        return [
            (row.tobytes(), int(distance))
            for row, distance in zip(self.hashes, self.distances, strict=True)
        ]

    @classmethod
    def nearest(cls, hashes: Bytes, distances: Bytes) -> Neighbours:
        """Keep each distinct hash once, with the smallest of its distances.

        Takes hashes (k, 32) and distances (k,) in any order, with repetitions.
        """
        order = np.lexsort(np.stack([distances, *reversed(big_endian_words(hashes))]))
        hashes, distances = hashes[order], distances[order]
        first = np.ones(len(hashes), dtype=np.bool_)
        first[1:] = (hashes[1:] != hashes[:-1]).any(axis=1)
        hashes, distances = hashes[first], distances[first]
        near_first = np.argsort(distances, kind="stable")
        return cls(hashes[near_first], distances[near_first])

    @classmethod
    def union(cls, parts: Iterable[Neighbours]) -> Neighbours:
        """Join answers, of snapshot and delta, by the smallest distance of each hash."""
        found = [part for part in parts if len(part)]
        if not found:
            return NOTHING
        return cls.nearest(
            np.concatenate([part.hashes for part in found]),
            np.concatenate([part.distances for part in found]),
        )


NOTHING = Neighbours(np.empty((0, HASH_BYTES), np.uint8), np.empty(0, np.uint8))


def as_hashes(values: Bytes) -> Bytes:
    """Check the shape of hashes: uint8 (n, 32), or a single (32,); gives (n, 32).

    Raises ValueError for any other type or shape.
    """
    if values.dtype != np.uint8 or values.ndim not in (1, 2) or values.shape[-1] != HASH_BYTES:
        raise ValueError(f"hashes must be uint8 (n, 32), not {values.dtype} {values.shape}")
    return values.reshape(-1, HASH_BYTES)


def as_radius(radius: int) -> int:
    """Refuse a radius at which the index would no longer be exact."""
    if not 0 <= radius <= MAX_RADIUS:
        raise ValueError(f"radius must lie in 0..{MAX_RADIUS}, not {radius}")
    return radius


def as_words(hashes: Bytes) -> Words:
    """An aligned, read-only copy of hashes (n, 32) as machine words (n * 4,).

    Always the same memory layout, because a compiled kernel is specialised for it: a different
    one would be compiled, for seconds, inside a request.
    """
    words = np.array(hashes, dtype=np.uint8, order="C", copy=True).view(np.uint64).reshape(-1)
    words.setflags(write=False)
    return words


def big_endian_words(hashes: Bytes) -> list[Words]:
    """Four uint64 columns that order hashes (n, 32) as their bytes do."""
    words = np.ascontiguousarray(hashes).view(">u8")
    return [words[:, column].astype(np.uint64) for column in range(4)]
