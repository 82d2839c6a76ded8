"""The tables a search reads: sorted distinct hashes and, per chunk, the hashes of each bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from matching.index.buckets import Buckets, rank_count
from matching.index.neighbours import Bytes, Words, big_endian_words
from matching.index.plan import Chunk

Numbers = NDArray[np.int64]

MAX_COUNT = 2**30
"""A place in `ids`, at most twice the number of hashes, takes 31 bits."""


class Column(IntEnum):
    """Columns of `Tables.layout`, the plan as the kernels read it."""

    START = 0
    BITS = 1
    RADIUS = 2
    FOLLOWING = 3
    PAIR_RADIUS = 4
    PROBED = 5
    REACH = 6
    FIRST_WORD = 7
    FIRST_RANK = 8
    FIRST_ID = 9
    FIRST_STEP = 10
    LAST_STEP = 11


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Everything a search reads, as flat arrays that may be memory-mapped.

    `words` uint64 (n * 4,): the hashes. `buckets`: where their chunks lead. `layout` int64
    (chunks, 12) and `steps` int64: the plan, and where the part of each chunk begins. Without
    chunks everything but `words` is empty.
    """

    words: Words
    buckets: Buckets
    layout: Numbers
    steps: Numbers

    @classmethod
    def of(
        cls, words: Words, buckets: Buckets, plan: Sequence[Chunk], *, spread: bool = False
    ) -> Tables:
        """Add the plan to arrays that were built for it.

        `spread` says that each hash stands in every bucket that a query near it can be in, so
        that a query looks into its own alone. Raises ValueError if the lengths do not fit.
        """
        probed = [0 if spread else chunk.radius for chunk in plan]
        steps = [chunk.steps(radius) for chunk, radius in zip(plan, probed, strict=True)]
        layout = np.zeros((len(plan), len(Column)), np.int64)
        for column, numbers in _columns(plan, buckets, [len(part) for part in steps]):
            layout[:, column] = numbers
        layout[:, Column.PROBED] = probed
        layout[:, Column.REACH] = [1 if spread else len(chunk.flips()) for chunk in plan]
        return cls(words, buckets, layout, np.concatenate([np.empty(0, np.int64), *steps]))

    @classmethod
    def build(cls, words: Words, plan: Sequence[Chunk]) -> Tables:
        """Tables in memory; words is (n * 4,)."""
        return cls.of(words, Buckets.joined(built(words, plan)), plan)

    @property
    def count(self) -> int:
        return len(self.words) // 4


def built(words: Words, plan: Sequence[Chunk]) -> Iterator[Buckets]:
    """The buckets of chunk after chunk; words is (n * 4,)."""
    positions = np.arange(len(words) // 4, dtype=np.uint32)
    for chunk in plan:
        yield Buckets.of(chunk, chunk.values(words), positions, chunk.marks(words))


def sorted_distinct(hashes: Bytes) -> Bytes:
    """Each hash once, in byte order: (n, 32) gives (k <= n, 32)."""
    leading = np.ascontiguousarray(hashes[:, :8]).view(">u8").reshape(-1).astype(np.uint64)
    order = np.argsort(leading, kind="stable")
    leading = leading[order]
    alike = np.flatnonzero(leading[1:] == leading[:-1]) + 1
    # Only near-duplicates share 64 bits; sorting all of them by 256 would take four times as long.
    places = np.union1d(alike, alike - 1)
    rows = order[places]
    order[places] = rows[np.lexsort(np.stack(big_endian_words(hashes[rows])[::-1]))]
    ordered = np.ascontiguousarray(hashes[order])
    repeated = alike[(ordered[alike] == ordered[alike - 1]).all(axis=1)]
    return np.delete(ordered, repeated, axis=0) if len(repeated) else ordered


def _columns(
    plan: Sequence[Chunk], buckets: Buckets, steps: Sequence[int]
) -> Iterator[tuple[Column, NDArray[np.int64] | list[int]]]:
    words, ranks = [chunk.words for chunk in plan], [rank_count(chunk) for chunk in plan]
    if len(buckets.ranks) != sum(ranks):
        raise ValueError(f"{len(plan)} chunks have {sum(ranks)} ranks, not {len(buckets.ranks)}")
    ids = buckets.ranks[np.cumsum(ranks, dtype=np.int64) - 1].astype(np.int64)
    found = len(buckets.occupied), len(buckets.ids), len(buckets.marks)
    if found != (sum(words), sum(ids), sum(ids)):
        raise ValueError(f"{found} words, ids and marks in place of {sum(words)} and {sum(ids)}")
    yield Column.START, [chunk.start for chunk in plan]
    yield Column.BITS, [chunk.bits for chunk in plan]
    yield Column.RADIUS, [chunk.radius for chunk in plan]
    yield Column.FOLLOWING, [chunk.following for chunk in plan]
    yield Column.PAIR_RADIUS, [chunk.pair_radius for chunk in plan]
    yield Column.FIRST_WORD, _before(words)
    yield Column.FIRST_RANK, _before(ranks)
    yield Column.FIRST_ID, _before(ids)
    yield Column.FIRST_STEP, _before(steps)
    yield Column.LAST_STEP, np.cumsum(steps, dtype=np.int64)


def _before(counts: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of all counts before each."""
    return np.cumsum(counts, dtype=np.int64) - np.asarray(counts, np.int64)
