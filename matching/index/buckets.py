"""Which hashes lie in which bucket, for buckets that are mostly empty.

A bit a bucket says whether anything is in it. How many are not empty before a line of 512
buckets is kept too, so that counting bits gives the place of a bucket's one hash in `ids`.
Buckets with several hashes have a list behind those places. In the same places of `marks` lie some
more bits of each hash, which refuse most of those that are there by chance: then neither `ids` nor
the hash itself need to be read. In place of a list stands its length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.index.neighbours import Words
from matching.index.plan import MARK_BITS, Chunk

Ids = NDArray[np.uint32]
Marks = NDArray[np.uint16]

LINE_WORDS = 8
"""Words of 64 buckets in a line, which is what a processor reads at once."""

LIST = 1 << 31
"""Set in `ids` where the other bits tell the place of a list, not a hash."""

LISTED = 1 << MARK_BITS
"""Set in `marks` at the place of such a bucket; the other bits tell the length of its list."""

LONG = LISTED - 1
"""That length if it is this or more: then it stands in `ids` before the list."""


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """The buckets of one chunk, or of all the chunks of a plan, one after the other.

    `occupied` uint64 (words,): a bit a bucket. `ranks` uint32 (lines + 1,): the full buckets
    before each line, and last the length of `ids`. `ids` uint32: for each full bucket its hash,
    or `LIST` and the place of its list; then the lists. `marks` uint16: what `Chunk.marks` gives
    for each hash of `ids`, or `LISTED` and the length of the list.
    """

    occupied: Words
    ranks: Ids
    ids: Ids
    marks: Marks

    @classmethod
    def of(cls, chunk: Chunk, values: Ids, positions: Ids, marks: Marks) -> Buckets:
        """Put each position into the bucket of that number; all are (k,)."""
        keys = values.astype(np.uint64) << np.uint64(32) | np.arange(len(values), dtype=np.uint64)
        keys.sort()
        values, order = (keys >> np.uint64(32)).astype(np.uint32), keys.astype(np.uint32)
        starts = np.flatnonzero(np.diff(values, prepend=~values[:1]))
        occupied = np.zeros(chunk.buckets, np.bool_)
        occupied[values[starts]] = True
        words = np.packbits(occupied, bitorder="little").view(np.uint64)
        ids, marks = _entries(positions[order], marks[order], starts)
        return cls(words, np.append(_before_each_line(words), np.uint32(len(ids))), ids, marks)

    @classmethod
    def joined(cls, parts: Iterable[Buckets]) -> Buckets:
        """Those of a whole plan, read-only, as the compiled search takes them."""
        ids = np.empty(0, np.uint32)
        empty = cls(np.empty(0, np.uint64), ids, ids, np.empty(0, np.uint16))
        arrays = zip(*((p.occupied, p.ranks, p.ids, p.marks) for p in (empty, *parts)), strict=True)
        occupied, ranks, ids, marks = (np.concatenate(array) for array in arrays)
        for array in (occupied, ranks, ids, marks):
            array.setflags(write=False)
        return cls(occupied, ranks, ids, marks)


def rank_count(chunk: Chunk) -> int:
    """The length of `Buckets.ranks` for one chunk."""
    return -(-chunk.words // LINE_WORDS) + 1


def _entries(positions: Ids, marks: Marks, starts: NDArray[np.int64]) -> tuple[Ids, Marks]:
    """`ids` and `marks` for hashes in the order of their buckets, which begin at `starts`."""
    lengths = np.diff(starts, append=len(positions))
    several = np.flatnonzero(lengths > 1)
    long = lengths[several] >= LONG
    room = lengths[several] + long
    lists = len(starts) + np.cumsum(room) - room
    heads = lists[long]
    size = len(starts) + int(room.sum())
    listed = np.ones(size, np.bool_)
    listed[: len(starts)] = False
    listed[heads] = False
    in_list = np.repeat(lengths > 1, lengths)
    ids, kept = np.empty(size, np.uint32), np.zeros(size, np.uint16)
    ids[: len(starts)], kept[: len(starts)] = positions[starts], marks[starts]
    ids[several], kept[several] = lists | LIST, np.minimum(lengths[several], LONG) | LISTED
    ids[heads] = lengths[several][long]
    ids[listed], kept[listed] = positions[in_list], marks[in_list]
    return ids, kept


def _before_each_line(words: Words) -> Ids:
    counts = np.bitwise_count(words).astype(np.uint32)
    in_lines = np.add.reduceat(counts, np.arange(0, len(words), LINE_WORDS), dtype=np.uint32)
    return np.cumsum(in_lines, dtype=np.uint32) - in_lines
