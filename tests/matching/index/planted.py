"""Hashes with known neighbours, and the judge: Python's integers, bit by bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.index import Neighbours

Bytes = NDArray[np.uint8]


def random_hashes(count: int, seed: int) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def flipped(value: Bytes, bits: list[int] | NDArray[np.int64]) -> Bytes:
    """The hash with these bits (numbered from the first byte's highest) inverted."""
    unpacked = np.unpackbits(value)
    unpacked[bits] ^= 1
    return np.packbits(unpacked)


def at_distances(value: Bytes, distances: range, seed: int) -> Bytes:
    """One hash at each distance from the value, differing in random bits."""
    rng = np.random.default_rng(seed)
    return np.array(
        [flipped(value, rng.choice(256, distance, replace=False)) for distance in distances]
    )


def cluster(centre: Bytes, count: int, seed: int) -> Bytes:
    """Hashes about 16 bits away from the centre."""
    noise = np.random.default_rng(seed).random((count, 256)) < 16 / 256
    return centre ^ np.packbits(noise, axis=1)


def expected(hashes: Bytes, queries: Bytes, radius: int) -> dict[bytes, int]:
    """What a search for any of the queries must find: each hash with its smallest distance."""
    wanted = [int.from_bytes(query.tobytes()) for query in queries]
    found = {}
    for row in {value.tobytes() for value in hashes}:
        stored = int.from_bytes(row)
        distance = min((stored ^ query).bit_count() for query in wanted)
        if distance <= radius:
            found[row] = distance
    return found


def as_dict(neighbours: Neighbours) -> dict[bytes, int]:
    """The answer as a mapping; fails if it names a hash twice or is not in order."""
    pairs = neighbours.pairs()
    assert pairs == sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
