"""The compiled search behind the same functions as `numpy_search`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matching.index import kernel, photodna_kernel
from matching.index.neighbours import Bytes, Words
from matching.index.numpy_search import Hits
from matching.index.plan import BALLS
from matching.index.tables import Numbers, Tables

_ROOM = 256


def scan(words: Words, queries: Words, radius: int) -> Hits:
    """Compare every hash (n * 4,) with every query (q * 4,)."""
    return _hits(lambda *room: int(kernel.scan(words, queries, radius, *room)))


def probe(tables: Tables, queries: Words, radius: int) -> Hits:
    """Look each query (q * 4,) up in the buckets its near hashes must be in."""
    buckets = tables.buckets
    full = (buckets.occupied, buckets.ranks, buckets.ids, buckets.marks)
    arrays = (tables.words, *full, tables.layout, tables.steps, BALLS)
    return _hits(lambda *room: int(kernel.probe(*arrays, queries, radius, *room)))


def squared_l2(values: Bytes, query: Bytes, threshold: int) -> tuple[Numbers, Numbers]:
    """Rows of values (n, d) whose squared Euclidean distance to query (d,) is <= threshold."""
    room = _ROOM
    while True:
        positions, distances = np.empty(room, np.int64), np.empty(room, np.int64)
        found = int(photodna_kernel.squared_l2(values, query, threshold, positions, distances))
        if found <= room:
            return positions[:found], distances[:found]
        room = found


def _hits(search: Callable[[Numbers, Numbers, Bytes], int]) -> Hits:
    """Give a kernel room for its finds; it counts on when that is full, so the second fits."""
    room = _ROOM
    while True:
        owners, positions = np.empty(room, np.int64), np.empty(room, np.int64)
        distances = np.empty(room, np.uint8)
        found = search(owners, positions, distances)
        if found <= room:
            return Hits(owners[:found], positions[:found], distances[:found])
        room = found
