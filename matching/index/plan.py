"""How 256 bits are cut into chunks so that a near hash must lie in one of few buckets.

Multi-index hashing (Norouzi, Punjani, Fleet, "Fast search in Hamming space with multi-index
hashing", CVPR 2012) with the pigeonhole principle in its general form: if the chunk radii satisfy
sum(radius + 1) > R, two hashes at distance <= R agree within the radius in at least one chunk,
for a hash that exceeds it everywhere differs in at least sum(radius + 1) bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching.index.neighbours import MAX_RADIUS, Words

HASH_BITS = 256
FLAT = 0
"""The plan without chunks: every hash is compared."""

_FEWEST, _MOST = 10, MAX_RADIUS + 1
_PLAN_UP_TO = ((4_096, FLAT), (500_000, 16), (2_000_000, 13))
_PLAN_ABOVE = 11


@dataclass(frozen=True, slots=True)
class Chunk:
    """`bits` bits of a hash from bit `start` on, searched up to `radius` flipped bits.

    Bits are numbered in the little-endian words of `as_words`.
    """

    start: int
    bits: int
    radius: int

    @property
    def buckets(self) -> int:
        return 1 << self.bits

    def values(self, words: Words) -> NDArray[np.uint32]:
        """This chunk's value (its bucket) of each hash; words (n * 4,) gives uint32 (n,)."""
        rows = words.reshape(-1, 4)
        word, shift = divmod(self.start, 64)
        values = rows[:, word] >> np.uint64(shift)
        if shift + self.bits > 64:
            values |= rows[:, word + 1] << np.uint64(64 - shift)
        return (values & np.uint64(self.buckets - 1)).astype(np.uint32)

    def flips(self) -> NDArray[np.uint32]:
        """XOR masks of every bucket to look into: all flips of at most `radius` bits."""
        return _flips(self.bits, self.radius)


def chunks_for(count: int) -> int:
    """The number of chunks with the fastest search for that many distinct hashes.

    Fewer, longer chunks mean more buckets to probe and far fewer candidates in them; their
    tables cost a fixed 17 MB (16 chunks), 46 MB (13) or 470 MB (11).
    """
    return next((chunks for limit, chunks in _PLAN_UP_TO if count <= limit), _PLAN_ABOVE)


def chunk_plan(chunks: int) -> tuple[Chunk, ...]:
    """Cut the hash into that many chunks, exact for distances up to 31; none for `FLAT`.

    The longest chunks get the larger radius, where one more flip finds the fewest candidates.
    Raises ValueError below 10 chunks, whose tables would not fit into memory, and above 32,
    where some chunk would not be searched at all.
    """
    if chunks != FLAT and not _FEWEST <= chunks <= _MOST:
        raise ValueError(f"a hash is cut into {_FEWEST}..{_MOST} chunks, not {chunks}")
    return tuple(_cut(chunks)) if chunks != FLAT else ()


def _cut(chunks: int) -> Iterator[Chunk]:
    bits, longer = divmod(HASH_BITS, chunks)
    needed, wider = divmod(MAX_RADIUS + 1, chunks)
    start = 0
    for number in range(chunks):
        length = bits + (number < longer)
        yield Chunk(start, length, needed - 1 + (number < wider))
        start += length


@lru_cache
def _flips(bits: int, radius: int) -> NDArray[np.uint32]:
    masks = [
        sum(1 << bit for bit in flipped)
        for flips in range(radius + 1)
        for flipped in combinations(range(bits), flips)
    ]
    return np.array(masks, dtype=np.uint32)
