"""The search in plain NumPy: what runs where numba cannot, and the oracle of the compiled one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.index.buckets import LINE_WORDS, LIST, LISTED, LONG, Buckets
from matching.index.neighbours import Bytes, Words
from matching.index.plan import BALLS, WORD_BITS
from matching.index.tables import Column, Numbers, Tables

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
    begins, lengths = _lists(tables, query)
    total = int(lengths.sum())
    if total > tables.count // CROWDED:
        return _scan_one(rows, query, radius)
    skipped = np.cumsum(lengths) - lengths
    places = np.arange(total) + np.repeat(begins - skipped, lengths)
    candidates = np.unique(tables.buckets.ids[places])
    near, bits = _within(rows[candidates], query, radius)
    return candidates[near].astype(np.int64), bits


def _lists(tables: Tables, query: Words) -> tuple[Numbers, Numbers]:
    """Where the candidates lie in `ids`: begin and length of each full bucket in reach."""
    ids, marks = tables.buckets.ids, tables.buckets.marks
    begins, lengths = [_NO_POSITIONS], [_NO_POSITIONS]
    for row in tables.layout:
        begin = row[Column.FIRST_ID] + _places(tables.buckets, row, _full(tables, row, query))
        length = np.ones_like(begin)
        several = np.flatnonzero(marks[begin] & LISTED)
        length[several] = marks[begin[several]] & LONG
        begin[several] = row[Column.FIRST_ID] + (ids[begin[several]] & (LIST - 1)).astype(np.int64)
        long = np.flatnonzero(length == LONG)
        length[long] = ids[begin[long]]
        begin[long] += 1
        begins.append(begin)
        lengths.append(length)
    return np.concatenate(begins), np.concatenate(lengths)


def _full(tables: Tables, row: Numbers, query: Words) -> Numbers:
    """The numbers of the full buckets of a chunk that a hash near the query can be in."""
    steps = tables.steps[row[Column.FIRST_STEP] : row[Column.LAST_STEP]]
    value = _chunk_value(query, row)
    numbers = value >> WORD_BITS ^ steps >> 2
    words = tables.buckets.occupied[row[Column.FIRST_WORD] + numbers]
    words &= BALLS[(steps & 3) << WORD_BITS | value & ((1 << WORD_BITS) - 1)]
    word, bit = np.nonzero(np.unpackbits(words.view(np.uint8), bitorder="little").reshape(-1, 64))
    return np.asarray(numbers[word] << WORD_BITS | bit, np.int64)


def _places(buckets: Buckets, row: Numbers, full: Numbers) -> Numbers:
    """How many full buckets of the chunk come before each of these."""
    number = full >> WORD_BITS
    first = row[Column.FIRST_WORD]
    own = buckets.occupied[first + number]
    below = (np.uint64(1) << (full & ((1 << WORD_BITS) - 1)).astype(np.uint64)) - np.uint64(1)
    lines = row[Column.FIRST_RANK] + number // LINE_WORDS
    before: Numbers = buckets.ranks[lines].astype(np.int64)
    before += np.bitwise_count(own & below)
    for back in range(1, LINE_WORDS):
        inside = np.flatnonzero(number % LINE_WORDS >= back)
        before[inside] += np.bitwise_count(buckets.occupied[first + number[inside] - back])
    return before


def _chunk_value(query: Words, row: Numbers) -> int:
    word, shift = divmod(int(row[Column.START]), 64)
    pair = int(query[word]) | int(query[min(word + 1, 3)]) << 64
    return (pair >> shift) & ((1 << int(row[Column.BITS])) - 1)


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
