"""The search in plain NumPy: what runs where numba cannot, and the oracle of the compiled one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.index.neighbours import Bytes, Words
from matching.index.tables import Column, Ids, Numbers, Tables

_BLOCK = 1 << 16
_NO_POSITIONS = np.empty(0, np.int64)
_NO_DISTANCES = np.empty(0, np.uint8)
CROWDED = 8
"""A query with more candidates than 1/8 of all hashes reads them all in order instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Raw finds: `owners` (which query), `positions` (which hash), `distances`; all (k,)."""

    owners: Numbers
    positions: Numbers
    distances: Bytes


def scan(words: Words, queries: Words, radius: int) -> Hits:
    """Compare every hash (n * 4,) with every query (q * 4,)."""
    rows = words.reshape(-1, 4)
    return _joined([_scan_one(rows, query, radius) for query in queries.reshape(-1, 4)])


def probe(tables: Tables, queries: Words, radius: int) -> Hits:
    """Look each query (q * 4,) up in the buckets its near hashes must be in."""
    return _joined([_probe_one(tables, query, radius) for query in queries.reshape(-1, 4)])


def group(values: NDArray[np.uint32], buckets: int) -> tuple[Ids, Ids]:
    """Positions ordered by value, and the limits (buckets + 1,) of each value among them."""
    ids = np.argsort(values.astype(np.uint16) if buckets <= 1 << 16 else values, kind="stable")
    limits = np.zeros(buckets + 1, np.uint32)
    np.cumsum(np.bincount(values, minlength=buckets), out=limits[1:])
    return ids.astype(np.uint32), limits


def squared_l2(values: Bytes, query: Bytes, threshold: int) -> tuple[Numbers, Numbers]:
    """Rows of values (n, d) whose squared Euclidean distance to query (d,) is <= threshold."""
    positions = [_NO_POSITIONS]
    distances = [_NO_POSITIONS]
    for start in range(0, len(values), _BLOCK // 4):
        differences = values[start : start + _BLOCK // 4].astype(np.int32) - query
        squares = np.einsum("ij,ij->i", differences, differences).astype(np.int64)
        near = np.flatnonzero(squares <= threshold)
        positions.append(near + start)
        distances.append(squares[near])
    return np.concatenate(positions), np.concatenate(distances)


def _scan_one(rows: Words, query: Words, radius: int) -> tuple[Numbers, Bytes]:
    positions = [_NO_POSITIONS]
    distances = [_NO_DISTANCES]
    for start in range(0, len(rows), _BLOCK):
        near, bits = _within(rows[start : start + _BLOCK], query, radius)
        positions.append(near + start)
        distances.append(bits)
    return np.concatenate(positions), np.concatenate(distances)


def _probe_one(tables: Tables, query: Words, radius: int) -> tuple[Numbers, Bytes]:
    rows = tables.words.reshape(-1, 4)
    begins, lengths = _buckets(tables, query)
    total = int(lengths.sum())
    if total > tables.count // CROWDED:
        return _scan_one(rows, query, radius)
    skipped = np.cumsum(lengths) - lengths
    candidates = np.unique(tables.ids[np.arange(total) + np.repeat(begins - skipped, lengths)])
    near, bits = _within(rows[candidates], query, radius)
    return candidates[near].astype(np.int64), bits


def _buckets(tables: Tables, query: Words) -> tuple[Numbers, Numbers]:
    """Where the candidates lie in `tables.ids`: begin and length of each bucket probed."""
    begins = []
    lengths = []
    width = len(tables.ids) // len(tables.layout)
    for number, row in enumerate(tables.layout):
        flips = tables.flips[row[Column.FIRST_FLIP] : row[Column.LAST_FLIP]]
        buckets = row[Column.FIRST_OFFSET] + (flips ^ _chunk_value(query, row)).astype(np.int64)
        begin = tables.offsets[buckets].astype(np.int64)
        begins.append(begin + number * width)
        lengths.append(tables.offsets[buckets + 1].astype(np.int64) - begin)
    return np.concatenate(begins), np.concatenate(lengths)


def _chunk_value(query: Words, row: Numbers) -> np.uint32:
    word, shift = divmod(int(row[Column.START]), 64)
    pair = int(query[word]) | int(query[min(word + 1, 3)]) << 64
    return np.uint32((pair >> shift) & ((1 << int(row[Column.BITS])) - 1))


def _within(rows: Words, query: Words, radius: int) -> tuple[Numbers, Bytes]:
    bits = np.bitwise_count(rows ^ query).sum(axis=1, dtype=np.uint16)
    near = np.flatnonzero(bits <= radius)
    return near, bits[near].astype(np.uint8)


def _joined(found: list[tuple[Numbers, Bytes]]) -> Hits:
    lengths = np.array([len(positions) for positions, _ in found], np.int64)
    return Hits(
        owners=np.repeat(np.arange(len(found)), lengths),
        positions=np.concatenate([_NO_POSITIONS, *(positions for positions, _ in found)]),
        distances=np.concatenate([_NO_DISTANCES, *(distances for _, distances in found)]),
    )
