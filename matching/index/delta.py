"""The hashes added since the snapshot: an append-only array, searched by brute force.

About 1 µs per 1,000 hashes and query; meant for at most some 50,000 until the next snapshot.
"""

from __future__ import annotations

import threading

import numpy as np

from matching.index.engine import engine
from matching.index.neighbours import (
    HASH_BYTES,
    MAX_RADIUS,
    NOTHING,
    Bytes,
    Neighbours,
    Words,
    as_hashes,
    as_radius,
    as_words,
)

_FIRST_ROOM = 1024


class DeltaIndex:
    """A growing set of distinct hashes; searches and additions may run in any threads."""

    def __init__(self, *, compiled: bool = True) -> None:
        self._engine = engine(compiled=compiled)
        self._adding = threading.Lock()
        self._known: set[bytes] = set()
        self._rows = np.empty((_FIRST_ROOM, HASH_BYTES), np.uint8)
        self._published = _published(self._rows, 0)

    def __len__(self) -> int:
        """The number of distinct hashes."""
        return len(self._published) // 4

    def add(self, hashes: Bytes) -> None:
        """Add hashes, uint8 (n, 32); known ones change nothing. Searches see them on return."""
        rows = as_hashes(hashes)
        with self._adding:
            new = {row.tobytes() for row in rows} - self._known
            self._append(np.frombuffer(b"".join(new), np.uint8).reshape(-1, HASH_BYTES))
            self._known |= new

    def search_any(self, queries: Bytes, radius: int = MAX_RADIUS) -> Neighbours:
        """All added hashes near at least one of the queries, uint8 (q, 32); see `HammingIndex`."""
        words = self._published
        hits = self._engine.scan(words, as_words(as_hashes(queries)), as_radius(radius))
        if not len(hits.positions):
            return NOTHING
        rows = words.reshape(-1, 4)[hits.positions].view(np.uint8)
        return Neighbours.nearest(rows, hits.distances)

    def _append(self, rows: Bytes) -> None:
        """Write behind the published end, where no reader looks, then move the end."""
        count = len(self)
        needed = count + len(rows)
        if needed > len(self._rows):
            grown = np.empty((max(needed, 2 * len(self._rows)), HASH_BYTES), np.uint8)
            grown[:count] = self._rows[:count]
            self._rows = grown
        self._rows[count:needed] = rows
        self._published = _published(self._rows, needed)


def _published(rows: Bytes, count: int) -> Words:
    words = rows[:count].view(np.uint64).reshape(-1)
    words.setflags(write=False)
    return words
