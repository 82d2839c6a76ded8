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


def _layout(plan: Sequence[Chunk]) -> Numbers:
    layout = np.zeros((len(plan), len(Column)), np.int64)
    offset = flip = 0
    for row, chunk in zip(layout, plan, strict=True):
        flips = len(chunk.flips())
        row[:] = (chunk.start, chunk.bits, chunk.radius, offset, flip, flip + flips)
        offset += chunk.buckets + 1
        flip += flips
    return layout
