"""The inner loops, compiled by numba: fused, prefetching, without the interpreter lock.

One file on purpose: numba's disk cache notices a change only in the file of the cached function.
Words and positions are flat, int64 indices: `words[4 * position + i]`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.index.intrinsics import compiled, popcount, prefetch
from matching.index.neighbours import Bytes, Words
from matching.index.numpy_search import CROWDED
from matching.index.tables import Column, Ids, Numbers

Integer = int | np.int64
FourWords = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

_START, _BITS, _RADIUS = int(Column.START), int(Column.BITS), int(Column.RADIUS)
_FIRST_OFFSET = int(Column.FIRST_OFFSET)
_FIRST_FLIP, _LAST_FLIP = int(Column.FIRST_FLIP), int(Column.LAST_FLIP)

# How many steps ahead memory is asked for, so that its latency overlaps with work.
_OFFSETS_AHEAD, _IDS_AHEAD, _WORDS_AHEAD = 16, 12, 16
_STRIDE = 16


@compiled
def scan(
    words: Words,
    queries: Words,
    radius: Integer,
    owners: Numbers,
    positions: Numbers,
    distances: Bytes,
) -> Integer:
    """Compare every hash with every query; returns the number found, even beyond the room."""
    found: Integer = 0
    for owner in range(queries.size // 4):
        query = queries[4 * owner : 4 * owner + 4]
        begin = found
        found = _scan_one(words, query, radius, positions, distances, found)
        owners[begin:found] = owner
    return found


@compiled
def probe(
    words: Words,
    ids: Ids,
    offsets: Ids,
    layout: Numbers,
    flips: Ids,
    queries: Words,
    radius: Integer,
    owners: Numbers,
    positions: Numbers,
    distances: Bytes,
) -> Integer:
    """Look every query up in its buckets; returns the number found, even beyond the room.

    A query with too many candidates becomes a linear scan: dearer by a constant, never inexact.
    """
    begins, ends = np.empty(flips.size, np.int64), np.empty(flips.size, np.int64)
    firsts = np.empty(len(layout), np.int64)
    count, width = words.size // 4, ids.size // len(layout)
    found: Integer = 0
    for owner in range(queries.size // 4):
        query = queries[4 * owner : 4 * owner + 4]
        begin = found
        full, total = _buckets(query, layout, flips, offsets, width, begins, ends, firsts)
        if total > count // CROWDED:
            found = _scan_one(words, query, radius, positions, distances, found)
        else:
            candidates = _gathered(ids, begins, ends, full, total)
            found = _verify(
                words, query, candidates, layout, firsts, radius, positions, distances, found
            )
        owners[begin:found] = owner
    return found


@compiled
def counting_sort(values: NDArray[np.uint32], ids: Ids, limits: Ids) -> None:
    """Fill `ids` with positions in the order of their value, `limits` (zeroed) with its limits."""
    for value in values:
        limits[np.int64(value) + 1] += np.uint32(1)
    for bucket in range(1, limits.size):
        limits[bucket] += limits[bucket - 1]
    free = limits[:-1].copy()
    for position in range(values.size):
        value = np.int64(values[position])
        ids[free[value]] = position
        free[value] += np.uint32(1)


@compiled
def squared_l2(
    values: Bytes, query: Bytes, threshold: Integer, positions: Numbers, distances: Numbers
) -> Integer:
    """Rows within the squared distance; leaves a row as soon as it exceeds it."""
    found = 0
    width = query.size
    for position in range(len(values)):
        squares = np.int64(0)
        for start in range(0, width, _STRIDE):
            for column in range(start, min(start + _STRIDE, width)):
                difference = np.int64(values[position, column]) - np.int64(query[column])
                squares += difference * difference
            if squares > threshold:
                break
        if squares <= threshold:
            if found < positions.size:
                positions[found] = position
                distances[found] = squares
            found += 1
    return found


@compiled
def _scan_one(
    words: Words,
    query: Words,
    radius: Integer,
    positions: Numbers,
    distances: Bytes,
    found: Integer,
) -> Integer:
    wanted = query[0], query[1], query[2], query[3]
    for position in range(words.size // 4):
        distance = _distance(words, 4 * position, wanted, radius)
        if distance <= radius:
            if found < positions.size:
                positions[found] = position
                distances[found] = distance
            found += 1
    return found


@compiled
def _buckets(
    query: Words,
    layout: Numbers,
    flips: Ids,
    offsets: Ids,
    width: Integer,
    begins: Numbers,
    ends: Numbers,
    firsts: Numbers,
) -> tuple[Integer, Integer]:
    """Limits within `ids` of every non-empty bucket probed, and the candidates before a chunk."""
    full = 0
    total = np.int64(0)
    for number in range(len(layout)):
        firsts[number] = total
        row = layout[number]
        base, last = row[_FIRST_OFFSET], row[_LAST_FLIP]
        value = np.int64(_chunk_value(query, row[_START], row[_BITS]))
        for flip in range(row[_FIRST_FLIP], last):
            if flip + _OFFSETS_AHEAD < last:
                prefetch(offsets, base + (value ^ np.int64(flips[flip + _OFFSETS_AHEAD])))
            bucket = base + (value ^ np.int64(flips[flip]))
            begin, end = np.int64(offsets[bucket]), np.int64(offsets[bucket + 1])
            begins[full] = number * width + begin
            ends[full] = number * width + end
            full += 1 if end > begin else 0
            total += end - begin
    return full, total


@compiled
def _gathered(ids: Ids, begins: Numbers, ends: Numbers, full: Integer, total: Integer) -> Ids:
    candidates = np.empty(total, np.uint32)
    filled = 0
    for bucket in range(full):
        if bucket + _IDS_AHEAD < full:
            prefetch(ids, begins[bucket + _IDS_AHEAD])
        for place in range(begins[bucket], ends[bucket]):
            candidates[filled] = ids[place]
            filled += 1
    return candidates


@compiled
def _verify(
    words: Words,
    query: Words,
    candidates: Ids,
    layout: Numbers,
    firsts: Numbers,
    radius: Integer,
    positions: Numbers,
    distances: Bytes,
    found: Integer,
) -> Integer:
    total = candidates.size
    wanted = query[0], query[1], query[2], query[3]
    for ahead in range(min(_WORDS_AHEAD, total)):
        prefetch(words, 4 * np.int64(candidates[ahead]))
    for place in range(total):
        if place + _WORDS_AHEAD < total:
            prefetch(words, 4 * np.int64(candidates[place + _WORDS_AHEAD]))
        position = np.int64(candidates[place])
        distance = _distance(words, 4 * position, wanted, radius)
        if distance <= radius and not _met_before(
            words[4 * position : 4 * position + 4] ^ query, layout, firsts, place
        ):
            if found < positions.size:
                positions[found] = position
                distances[found] = distance
            found += 1
    return found


@compiled
def _met_before(difference: Words, layout: Numbers, firsts: Numbers, place: Integer) -> bool:
    """Whether an earlier chunk led to the same hash already, so that it is reported once."""
    number = 0
    while number + 1 < len(layout) and firsts[number + 1] <= place:
        row = layout[number]
        if np.int64(popcount(_chunk_value(difference, row[_START], row[_BITS]))) <= row[_RADIUS]:
            return True
        number += 1
    return False


@compiled
def _distance(words: Words, at: Integer, wanted: FourWords, radius: Integer) -> Integer:
    """Bits that differ; only the first 128 of them when they already exceed the radius.

    Unrelated hashes differ in 64 of 128 bits, sd 5.7: the second half is hardly ever read.
    """
    half = np.int64(popcount(words[at] ^ wanted[0]))
    half += np.int64(popcount(words[at + 1] ^ wanted[1]))
    if half > radius:
        return half
    half += np.int64(popcount(words[at + 2] ^ wanted[2]))
    return half + np.int64(popcount(words[at + 3] ^ wanted[3]))


@compiled
def _chunk_value(words: Words, start: Integer, bits: Integer) -> np.uint64:
    word, shift = start >> 6, start & 63
    value = words[word] >> np.uint64(shift)
    if shift + bits > 64:
        value |= words[word + 1] << np.uint64(64 - shift)
    return np.uint64(value & ((np.uint64(1) << np.uint64(bits)) - np.uint64(1)))
