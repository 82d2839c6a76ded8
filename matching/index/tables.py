"""The tables a search reads: sorted distinct hashes and, per chunk, the hashes of each bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from matching.index.neighbours import Bytes, Words, big_endian_words
from matching.index.plan import Chunk

Ids = NDArray[np.uint32]
Numbers = NDArray[np.int64]

MAX_COUNT = 2**32 - 1
"""Ids and offsets are 32 bits wide."""


class Column(IntEnum):
    """Columns of `Tables.layout`, the plan as the kernels read it."""

    START = 0
    BITS = 1
    RADIUS = 2
    FIRST_OFFSET = 3
    FIRST_FLIP = 4
    LAST_FLIP = 5


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Everything a search reads, as flat arrays that may be memory-mapped.

    `words` uint64 (n * 4,): the hashes. `ids` uint32 (chunks * n,): for each chunk the positions
    of all hashes in the order of their bucket. `offsets` uint32: for each chunk its buckets + 1
    limits within that chunk's part of `ids`. `layout` int64 (chunks, 6) and `flips` uint32: the
    plan. Without chunks everything but `words` is empty.
    """

    words: Words
    ids: Ids
    offsets: Ids
    layout: Numbers
    flips: Ids

    @classmethod
    def of(cls, words: Words, ids: Ids, offsets: Ids, plan: Sequence[Chunk]) -> Tables:
        """Add the plan to arrays that were built for it."""
        flips = [chunk.flips() for chunk in plan]
        return cls(
            words=words,
            ids=ids,
            offsets=offsets,
            layout=_layout(plan),
            flips=np.concatenate(flips) if flips else np.empty(0, np.uint32),
        )

    @property
    def count(self) -> int:
        return len(self.words) // 4


def offsets_length(plan: Sequence[Chunk]) -> int:
    """The length of `Tables.offsets` under a plan."""
    return sum(chunk.buckets + 1 for chunk in plan)


def sorted_distinct(hashes: Bytes) -> Bytes:
    """Each hash once, in byte order: (n, 32) gives (k <= n, 32)."""
    words = big_endian_words(hashes)
    order = np.argsort(words[0], kind="stable")
    tied = _tied(words[0][order])
    # A full lexicographic sort is four times the work, and only near-duplicates share 64 bits.
    rows = order[tied]
    order[tied] = rows[np.lexsort([column[rows] for column in reversed(words)])]
    ordered = np.ascontiguousarray(hashes[order])
    columns = ordered.view(np.uint64)
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = (columns[1:] != columns[:-1]).any(axis=1)
    return ordered if first.all() else ordered[first]


def _tied(ordered: Words) -> NDArray[np.bool_]:
    same = ordered[1:] == ordered[:-1]
    tied = np.zeros(len(ordered), dtype=np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    return tied


def _layout(plan: Sequence[Chunk]) -> Numbers:
    layout = np.zeros((len(plan), len(Column)), np.int64)
    offset = flip = 0
    for row, chunk in zip(layout, plan, strict=True):
        flips = len(chunk.flips())
        row[:] = (chunk.start, chunk.bits, chunk.radius, offset, flip, flip + flips)
        offset += chunk.buckets + 1
        flip += flips
    return layout
