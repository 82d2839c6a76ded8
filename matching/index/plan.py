"""How 256 bits are cut into chunks so that a near hash must lie in one of few buckets.

Multi-index hashing (Norouzi, Punjani, Fleet, "Fast search in Hamming space with multi-index
hashing", CVPR 2012) with the pigeonhole principle in its general form: if the chunk radii satisfy
sum(radius + 1) > R, two hashes at distance <= R agree within the radius in at least one chunk,
for a hash that exceeds it everywhere differs in at least sum(radius + 1) bits.

More than that (Qin, Xiao, "Pigeonring: a principle for faster thresholded similarity search", VLDB
2018): walk round the chunks and add up by how much each distance exceeds its radius + 1. The sum
of a whole round is below zero for a near hash, so there is a chunk from which on it is below zero
all the way (start behind the highest point). That chunk and the next one together differ in at
most radius + next radius + 1 bits, which refuses nearly all that agree in one chunk by chance.
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

WORD_BITS = 6
"""The lowest bits of a bucket's number say which bit of a word of 64 buckets it is."""

MARK_BITS = 15
"""So many bits of the next chunk are kept beside each hash of a bucket."""

_NARROWER = 2
_FEWEST, _MOST = 10, MAX_RADIUS + 1
_PLAN_UP_TO = ((4_096, FLAT), (200_000, 13), (15_000_000, 12))
_PLAN_ABOVE = 11


@dataclass(frozen=True, slots=True)
class Chunk:
    """`bits` bits of a hash from bit `start` on, searched up to `radius` flipped bits.

    Of the next chunk, `following` bits are kept beside each hash of a bucket: in those and its
    own, at most `pair_radius` may be flipped.
    Bits are numbered in the little-endian words of `as_words`.
    """

    start: int
    bits: int
    radius: int
    following: int
    pair_radius: int

    @property
    def buckets(self) -> int:
        return 1 << self.bits

    @property
    def words(self) -> int:
        """Words of 64 buckets, of one bit each."""
        return self.buckets >> WORD_BITS

    def values(self, words: Words) -> NDArray[np.uint32]:
        """This chunk's value (its bucket) of each hash; words (n * 4,) gives uint32 (n,)."""
        return _cut_out(words, self.start, self.bits)

    def marks(self, words: Words) -> NDArray[np.uint16]:
        """The bits that follow this chunk, of each hash."""
        start = (self.start + self.bits) % HASH_BITS
        return _cut_out(words, start, self.following).astype(np.uint16)

    def flips(self) -> NDArray[np.uint32]:
        """XOR masks of every bucket to look into: all flips of at most `radius` bits."""
        return _flips(self.bits, self.radius)

    def steps(self, radius: int) -> NDArray[np.int64]:
        """Which words hold the buckets within `radius` flips, and how many flips each has left.

        `flips of the word's number << 2 | flips left`, by word, so that neighbours in memory are
        read one after the other.
        """
        masks = _flips(self.bits - WORD_BITS, radius).astype(np.int64)
        left = radius - np.bitwise_count(masks).astype(np.int64)
        return np.sort(masks << 2 | left)


def chunks_for(count: int) -> int:
    """The number of chunks with the fastest search for that many distinct hashes.

    Fewer, longer chunks mean more buckets to probe and far fewer candidates in them; to say which
    buckets are empty costs a fixed 2 MB (13 chunks), 5 MB (12) or 16 MB (11), which a cache holds.
    """
    return next((chunks for limit, chunks in _PLAN_UP_TO if count <= limit), _PLAN_ABOVE)


def chunk_plan(chunks: int) -> tuple[Chunk, ...]:
    """Cut the hash into that many chunks, exact for distances up to 31; none for `FLAT`.

    Chunks of the larger radius are longer, as there one more flip finds the fewest candidates.
    Raises ValueError below 10 chunks, whose tables would not fit into memory, and above 32,
    where some chunk would not be searched at all.
    """
    if chunks != FLAT and not _FEWEST <= chunks <= _MOST:
        raise ValueError(f"a hash is cut into {_FEWEST}..{_MOST} chunks, not {chunks}")
    return tuple(_cut(chunks)) if chunks != FLAT else ()


def _cut(chunks: int) -> Iterator[Chunk]:
    needed, wider = divmod(MAX_RADIUS + 1, chunks)
    radii = [needed - (number >= wider) for number in range(chunks)]
    narrower = [_NARROWER * (0 < wider <= number and needed < 3) for number in range(chunks)]
    bits, longer = divmod(HASH_BITS + sum(narrower), chunks)
    lengths = [bits + (number < longer) - narrower[number] for number in range(chunks)]
    start = 0
    for number, (length, radius) in enumerate(zip(lengths, radii, strict=True)):
        following = (number + 1) % chunks
        mark = min(lengths[following], MARK_BITS)
        yield Chunk(start, length, radius, mark, radius + radii[following] + 1)
        start += length


def _cut_out(words: Words, start: int, bits: int) -> NDArray[np.uint32]:
    rows = words.reshape(-1, 4)
    word, shift = divmod(start, 64)
    values = rows[:, word] >> np.uint64(shift)
    if shift + bits > 64:
        values |= rows[:, word + 1] << np.uint64(64 - shift)
    return (values & np.uint64((1 << bits) - 1)).astype(np.uint32)


@lru_cache
def _flips(bits: int, radius: int) -> NDArray[np.uint32]:
    masks = [
        sum(1 << bit for bit in flipped)
        for flips in range(radius + 1)
        for flipped in combinations(range(bits), flips)
    ]
    return np.array(masks, dtype=np.uint32)


def _balls() -> NDArray[np.uint64]:
    """For 0 to 3 flips and each bit of a word: the bits of the word within so many flips of it."""
    bits = np.arange(1 << WORD_BITS)
    near = np.bitwise_count(bits[:, None] ^ bits) <= np.arange(4)[:, None, None]
    return np.packbits(near, axis=-1, bitorder="little").view(np.uint64).reshape(-1)


BALLS = _balls()
"""`BALLS[flips << WORD_BITS | bit]`, uint64 (256,)."""
BALLS.setflags(write=False)
