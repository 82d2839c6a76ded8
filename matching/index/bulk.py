"""Many queries against a few hashes that came just now: the search the other way round.

What was asked in the past is many times what is new, so the new is indexed, in memory, and the
past is run through it. Exact, like every search here.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from matching.index.engine import engine
from matching.index.neighbours import MAX_RADIUS, Bytes, as_hashes, as_radius, as_words
from matching.index.numpy_search import Hits
from matching.index.plan import chunk_plan, chunks_for
from matching.index.tables import Ids, Tables, sorted_distinct


class BulkIndex:
    """An immutable set of distinct hashes in memory; `hashes` is uint8 (n, 32), in byte order."""

    def __init__(self, hashes: Bytes, *, compiled: bool = True) -> None:
        self.hashes = sorted_distinct(as_hashes(hashes))
        self._engine = engine(compiled=compiled)
        words = as_words(self.hashes)
        plan = chunk_plan(chunks_for(len(self.hashes)))
        groups = [self._engine.group(chunk.values(words), chunk.buckets) for chunk in plan]
        self._tables = Tables.of(
            words, _joined([ids for ids, _ in groups]), _joined([ends for _, ends in groups]), plan
        )

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
        return Hits(
            np.concatenate([h.owners + start for h, start in zip(found, starts, strict=True)]),
            np.concatenate([h.positions for h in found]),
            np.concatenate([h.distances for h in found]),
        )

    def _part(self, rows: Bytes, radius: int) -> Hits:
        words = as_words(rows)
        if len(self._tables.layout):
            return self._engine.probe(self._tables, words, radius)
        return self._engine.scan(self._tables.words, words, radius)


def _joined(arrays: list[Ids]) -> Ids:
    """One read-only array, as the compiled search takes them."""
    joined = np.concatenate(arrays) if arrays else np.empty(0, np.uint32)
    joined.setflags(write=False)
    return joined
