"""Many queries against a few hashes that came just now: the search the other way round.

What was asked in the past is many times what is new, so the new is indexed, in memory, and the
past is run through it. Each hash stands in every bucket that a near query can be in, so a query
looks into one bucket a chunk instead of all that its flips lead to. That takes 1.1 KB a hash and
makes a query many times cheaper. Exact, like every search here.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np

from matching.index.buckets import Buckets
from matching.index.engine import engine
from matching.index.neighbours import MAX_RADIUS, Bytes, Words, as_hashes, as_radius, as_words
from matching.index.numpy_search import Hits
from matching.index.plan import Chunk, chunk_plan
from matching.index.tables import Tables, sorted_distinct

CHUNKS: Final = 16
"""All alike: 16 bits and a radius of 1, so that each hash stands in 17 buckets of each."""

MOST_AT_ONCE: Final = 100_000
"""More hashes make several tables, of about 110 MB each."""


class BulkIndex:
    """An immutable set of distinct hashes in memory; `hashes` is uint8 (n, 32), in byte order."""

    def __init__(self, hashes: Bytes, *, compiled: bool = True) -> None:
        self.hashes = sorted_distinct(as_hashes(hashes))
        self._engine = engine(compiled=compiled)
        self._starts = range(0, len(self.hashes), MOST_AT_ONCE)
        self._tables = [
            _tables(as_words(self.hashes[start : start + MOST_AT_ONCE])) for start in self._starts
        ]

    def __len__(self) -> int:
        """The number of distinct hashes."""
        return len(self.hashes)

    def hits(self, queries: Bytes, radius: int = MAX_RADIUS, *, threads: int = 0) -> Hits:
        """Every pair of a query, uint8 (q, 32), and a hash within `radius` bits of it.

        Queries are shared out over `threads`, as many as there are cores unless given.
        """
        as_radius(radius)
        rows = as_hashes(queries)
        parts = np.array_split(rows, max(1, min(threads or os.cpu_count() or 1, len(rows))))
        with ThreadPoolExecutor(len(parts)) as pool:
            found = list(pool.map(lambda part: self._part(part, radius), parts))
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        return _joined(
            [replace(h, owners=h.owners + start) for h, start in zip(found, starts, strict=True)]
        )

    def _part(self, rows: Bytes, radius: int) -> Hits:
        words = as_words(rows)
        found = [self._engine.probe(tables, words, radius) for tables in self._tables]
        return _joined(
            [
                replace(h, positions=h.positions + start)
                for h, start in zip(found, self._starts, strict=True)
            ]
        )


def _tables(words: Words) -> Tables:
    """Tables whose buckets are filled with what the flips of a query would look for."""
    plan = chunk_plan(CHUNKS)
    return Tables.of(words, Buckets.joined(_spread(c, words) for c in plan), plan, spread=True)


def _spread(chunk: Chunk, words: Words) -> Buckets:
    flips = chunk.flips()
    values = (chunk.values(words)[:, None] ^ flips).reshape(-1)
    owners = np.repeat(np.arange(len(words) // 4, dtype=np.uint32), len(flips))
    return Buckets.of(chunk, values, owners, chunk.marks(words)[owners])


def _joined(found: list[Hits]) -> Hits:
    return Hits(
        np.concatenate([np.empty(0, np.int64), *(h.owners for h in found)]),
        np.concatenate([np.empty(0, np.int64), *(h.positions for h in found)]),
        np.concatenate([np.empty(0, np.uint8), *(h.distances for h in found)]),
    )
