"""Exact search for 256-bit hashes within a Hamming distance of up to 31, over memory-mapped files.

A search inspects only the buckets in which a hash so near must lie (see `plan`). Its work is
bounded: a query that meets crowded buckets becomes one linear scan (about 2 ms per million
hashes), so nothing is ever left out. The answer is bounded only by the size of the index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from matching.index.buckets import Buckets, Ids
from matching.index.engine import engine
from matching.index.neighbours import (
    MAX_RADIUS,
    NOTHING,
    Bytes,
    Neighbours,
    Words,
    as_hashes,
    as_radius,
    as_words,
)
from matching.index.numpy_search import Hits
from matching.index.plan import Chunk, chunk_plan, chunks_for
from matching.index.store import META, IndexDamaged, Meta, Snapshot, kind_of, load, publishing
from matching.index.tables import MAX_COUNT, Tables, built, sorted_distinct

KIND = "hamming256-3"

FORMER = ("hamming256", "hamming256-2")
"""The same hashes with tables of other forms, until November and December 2026."""


class HammingIndex:
    """An immutable set of distinct hashes, searched by any number of threads at once.

    Processes that open the same directory share its memory. A closed index raises ValueError.
    """

    def __init__(self, tables: Tables, meta: Meta, *, compiled: bool = True) -> None:
        self._tables: Tables | None = tables
        self._engine = engine(compiled=compiled)
        self.meta = meta

    @classmethod
    def open(cls, directory: Path, *, verify: bool = True, compiled: bool = True) -> HammingIndex:
        """Map a snapshot that `build` wrote; `compiled=False` searches with NumPy alone.

        Of one that an earlier release wrote, the hashes alone are used: their tables are made
        anew in this process's own memory, in 2 s a million. See `store.load` for `verify`.
        Raises IndexMissing and IndexDamaged.
        """
        snapshot = load(directory, kind=KIND, former=FORMER, verify=verify)
        try:
            tables = _tables(snapshot)
        except (KeyError, ValueError) as error:
            raise IndexDamaged(directory / META, "does not fit the files it names") from error
        return cls(tables, snapshot.meta, compiled=compiled)

    def __len__(self) -> int:
        """The number of distinct hashes."""
        return self.meta.count

    def search(self, query: Bytes, radius: int = MAX_RADIUS) -> Neighbours:
        """All stored hashes within `radius` bits of one query, uint8 (32,).

        Raises ValueError for a radius above 31 or another shape.
        """
        return self.search_any(query, radius)

    def search_any(self, queries: Bytes, radius: int = MAX_RADIUS) -> Neighbours:
        """All stored hashes near at least one of the queries, uint8 (q, 32), each hash once.

        The distance is the smallest one: the queries are variants of one image.
        """
        tables = self._opened()
        hits = self._hits(tables, queries, radius)
        return _neighbours(tables, hits, slice(None))

    def search_many(self, queries: Bytes, radius: int = MAX_RADIUS) -> list[Neighbours]:
        """One answer per query, uint8 (q, 32), in their order."""
        tables = self._opened()
        hits = self._hits(tables, queries, radius)
        limits = np.searchsorted(hits.owners, np.arange(len(as_hashes(queries)) + 1)).tolist()
        return [_neighbours(tables, hits, slice(begin, end)) for begin, end in pairwise(limits)]

    def close(self) -> None:
        """Let go of the files; searches that are under way in other threads still finish."""
        self._tables = None

    def _opened(self) -> Tables:
        if self._tables is None:
            raise ValueError("this index is closed")
        return self._tables

    def _hits(self, tables: Tables, queries: Bytes, radius: int) -> Hits:
        words = as_words(as_hashes(queries))
        if len(tables.layout):
            return self._engine.probe(tables, words, as_radius(radius))
        return self._engine.scan(tables.words, words, as_radius(radius))


def build(
    hashes: Bytes,
    directory: Path,
    *,
    version: int = 0,
    created_at: datetime | None = None,
    chunks: int | None = None,
) -> int:
    """Write a snapshot of hashes, uint8 (n, 32) in any order; returns how many are distinct.

    `version` and `created_at` are kept for whoever opens it (`HammingIndex.meta`). `chunks`
    overrides the plan chosen by size. Peak memory is about 130 bytes per hash.
    Raises ValueError for more than 2^30 hashes, FileExistsError if there is a snapshot.
    """
    distinct = sorted_distinct(as_hashes(hashes))
    if len(distinct) > MAX_COUNT:
        raise ValueError(f"an index holds at most {MAX_COUNT} hashes, not {len(distinct)}")
    chunks = chunks_for(len(distinct)) if chunks is None else chunks
    meta = Meta(KIND, len(distinct), chunks, version, created_at)
    words = distinct.view(np.uint64).reshape(-1)
    done: list[Buckets] = []
    with publishing(directory, meta) as writer:
        writer.write("hashes", [distinct])
        writer.write("ids", _ids(words, chunk_plan(chunks), done))
        writer.write("marks", [part.marks for part in done])
        writer.write("occupied", [part.occupied for part in done])
        writer.write("ranks", [part.ranks for part in done])
    return len(distinct)


def is_former(directory: Path) -> bool:
    """Whether an earlier release wrote the snapshot, so that each process needs more memory.

    Raises IndexMissing and IndexDamaged.
    """
    return kind_of(directory, kind=KIND, former=FORMER) in FORMER


def _ids(words: Words, plan: Sequence[Chunk], done: list[Buckets]) -> Iterator[Ids]:
    """The ids of chunk after chunk; what tells their places collects in `done`."""
    for part in built(words, plan):
        done.append(replace(part, ids=part.ids[:0]))
        yield part.ids


def _tables(snapshot: Snapshot) -> Tables:
    """Raises KeyError and ValueError for files that are not those of the plan."""
    arrays, meta = snapshot.arrays, snapshot.meta
    words = arrays["hashes"].view(np.uint64)
    if len(words) != meta.count * 4:
        raise ValueError(f"{len(words)} words are not {meta.count} hashes")
    if meta.kind in FORMER:
        return Tables.build(words, chunk_plan(chunks_for(meta.count)))
    occupied = arrays["occupied"].view(np.uint64)
    ranks, ids = arrays["ranks"].view(np.uint32), arrays["ids"].view(np.uint32)
    buckets = Buckets(occupied, ranks, ids, arrays["marks"].view(np.uint16))
    return Tables.of(words, buckets, chunk_plan(meta.chunks))


def _neighbours(tables: Tables, hits: Hits, part: slice) -> Neighbours:
    positions = hits.positions[part]
    if not len(positions):
        return NOTHING
    rows = tables.words.reshape(-1, 4)[positions].view(np.uint8)
    return Neighbours.nearest(rows, hits.distances[part])
