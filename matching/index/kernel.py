"""The inner loops, compiled by numba: fused, prefetching, without the interpreter lock.

One file on purpose: numba's disk cache notices a change only in the file of the cached function.
Words and positions are flat, int64 indices: `words[4 * position + i]`.
"""

from __future__ import annotations

import numpy as np

from matching.index.buckets import LINE_WORDS, LIST, LISTED, LONG, Ids, Marks
from matching.index.intrinsics import compiled, popcount, prefetch
from matching.index.neighbours import Bytes, Words
from matching.index.numpy_search import CROWDED
from matching.index.plan import WORD_BITS
from matching.index.tables import Column, Numbers

Integer = int | np.int64
FourWords = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

_START, _BITS, _RADIUS = int(Column.START), int(Column.BITS), int(Column.RADIUS)
_FOLLOWING, _PAIR_RADIUS = int(Column.FOLLOWING), int(Column.PAIR_RADIUS)
_PROBED, _REACH = int(Column.PROBED), int(Column.REACH)
_FIRST_WORD, _FIRST_RANK = int(Column.FIRST_WORD), int(Column.FIRST_RANK)
_FIRST_ID = int(Column.FIRST_ID)
_FIRST_STEP, _LAST_STEP = int(Column.FIRST_STEP), int(Column.LAST_STEP)
_IN_WORD = (1 << WORD_BITS) - 1
_IN_LINE = LINE_WORDS - 1
_PLACE = LIST - 1
_LANES = 8
"""Queries that are looked up together: what one waits for comes while the others work."""


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
    occupied: Words,
    ranks: Ids,
    ids: Ids,
    marks: Marks,
    layout: Numbers,
    steps: Numbers,
    balls: Words,
    queries: Words,
    radius: Integer,
    owners: Numbers,
    positions: Numbers,
    distances: Bytes,
) -> Integer:
    """Look every query up in its buckets; returns the number found, even beyond the room.

    A query with too many candidates becomes a linear scan: dearer by a constant, never inexact.
    Each step asks for the memory that the next one reads, so that its latency overlaps with work.
    """
    room = layout[:, _REACH].sum()
    slots = np.empty((_LANES, room), np.int64)
    limits = np.empty((_LANES, len(layout) + 1), np.int64)
    lengths = np.empty(room, np.int64)
    places, near = np.empty(steps.size, np.int64), np.empty(steps.size, np.uint64)
    found: Integer = 0
    for first in range(0, queries.size // 4, _LANES):
        lanes = min(_LANES, queries.size // 4 - first)
        for lane in range(lanes):
            query = queries[4 * (first + lane) : 4 * (first + lane) + 4]
            _full_words(query, occupied, layout, steps, balls, places, near, limits[lane])
            _locate(query, occupied, ranks, marks, layout, places, near, limits[lane], slots[lane])
        for lane in range(lanes):
            query = queries[4 * (first + lane) : 4 * (first + lane) + 4]
            begin = found
            own = slots[lane, : limits[lane, len(layout)]]
            total = _open_lists(ids, marks, layout, limits[lane], own, lengths)
            if total > words.size // 4 // CROWDED:
                found = _scan_one(words, query, radius, positions, distances, found)
            else:
                candidates = _likely(query, ids, marks, layout, limits[lane], own, lengths, total)
                found = _verify(
                    words, query, ids, candidates, layout, radius, positions, distances, found
                )
            owners[begin:found] = first + lane
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
def _full_words(
    query: Words,
    occupied: Words,
    layout: Numbers,
    steps: Numbers,
    balls: Words,
    places: Numbers,
    near: Words,
    limits: Numbers,
) -> None:
    """The words with full buckets in reach, and these.

    `places` tells `place << 2 | flips left`, `limits` where the words of each chunk begin.
    """
    some = 0
    for number in range(len(layout)):
        limits[number] = some
        row = layout[number]
        value = np.int64(_chunk_value(query, row[_START], row[_BITS]))
        first, high, low = row[_FIRST_WORD], value >> WORD_BITS, value & _IN_WORD
        for step in range(row[_FIRST_STEP], row[_LAST_STEP]):
            left = steps[step] & 3
            place = first + (high ^ (steps[step] >> 2))
            bits = occupied[place] & balls[left << WORD_BITS | low]
            places[some], near[some] = place << 2 | left, bits
            some += 1 if bits else 0
    limits[len(layout)] = some


@compiled
def _locate(
    query: Words,
    occupied: Words,
    ranks: Ids,
    marks: Marks,
    layout: Numbers,
    places: Numbers,
    near: Words,
    limits: Numbers,
    slots: Numbers,
) -> None:
    """Turn words with full buckets into `place in ids << 3 | flips allowed in the mark`.

    `limits` then tells where the slots of each chunk begin.
    """
    count = 0
    for number in range(len(layout)):
        row = layout[number]
        begin, limits[number] = limits[number], count
        low = np.int64(_chunk_value(query, row[_START], row[_BITS])) & _IN_WORD
        for some in range(begin, limits[number + 1]):
            place, left = places[some] >> 2, places[some] & 3
            inside = place - row[_FIRST_WORD]
            base = row[_FIRST_ID] + np.int64(ranks[row[_FIRST_RANK] + (inside >> 3)])
            for back in range(1, LINE_WORDS):  # always all: a loop of varying length costs more
                earlier = occupied[max(place - back, 0)]
                base += np.int64(popcount(earlier)) if back <= inside & _IN_LINE else 0
            allowed = row[_PAIR_RADIUS] - row[_PROBED] + left
            bits = near[some]
            while bits:
                below = (bits & (~bits + np.uint64(1))) - np.uint64(1)
                slot = base + np.int64(popcount(occupied[place] & below))
                prefetch(marks, slot)
                flips = np.int64(popcount(np.uint64(np.int64(popcount(below)) ^ low)))
                slots[count] = slot << 3 | (allowed - flips)
                bits &= bits - np.uint64(1)
                count += 1
    limits[len(layout)] = count


@compiled
def _open_lists(
    ids: Ids, marks: Marks, layout: Numbers, limits: Numbers, slots: Numbers, lengths: Numbers
) -> Integer:
    """Let the slots of lists tell where those begin, and `lengths` of all how many hashes follow.

    Returns their sum.
    """
    for place in range(slots.size):
        mark = np.int64(marks[slots[place] >> 3])
        lengths[place] = mark & LONG if mark & LISTED else 1
        if mark & LISTED:
            prefetch(ids, slots[place] >> 3)
    total = np.int64(0)
    for number in range(len(layout)):
        first = layout[number, _FIRST_ID]
        for place in range(limits[number], limits[number + 1]):
            if lengths[place] > 1:
                slot, allowed = slots[place] >> 3, slots[place] & 7
                begin = first + np.int64(ids[slot] & _PLACE)
                if lengths[place] == LONG:
                    lengths[place] = np.int64(ids[begin])
                    begin += 1
                prefetch(marks, begin)
                slots[place] = begin << 3 | allowed
            total += lengths[place]
    return total


@compiled
def _likely(
    query: Words,
    ids: Ids,
    marks: Marks,
    layout: Numbers,
    limits: Numbers,
    slots: Numbers,
    lengths: Numbers,
    room: Integer,
) -> Numbers:
    """The places in `ids` whose marks do not refuse them, as `place << 8 | chunk`."""
    candidates = np.empty(room, np.int64)
    some = 0
    for number in range(len(layout)):
        mark = _mark(query, layout[number])
        for slot in range(limits[number], limits[number + 1]):
            begin, allowed = slots[slot] >> 3, slots[slot] & 7
            for place in range(begin, begin + lengths[slot]):
                candidates[some] = place << 8 | number
                if np.int64(popcount(np.uint64(marks[place]) ^ mark)) <= allowed:
                    prefetch(ids, place)
                    some += 1
    return candidates[:some]


@compiled
def _verify(
    words: Words,
    query: Words,
    ids: Ids,
    candidates: Numbers,
    layout: Numbers,
    radius: Integer,
    positions: Numbers,
    distances: Bytes,
    found: Integer,
) -> Integer:
    wanted = query[0], query[1], query[2], query[3]
    for candidate in candidates:
        prefetch(words, 4 * np.int64(ids[candidate >> 8]))
    for candidate in candidates:
        position = np.int64(ids[candidate >> 8])
        distance = _distance(words, 4 * position, wanted, radius)
        if distance <= radius and not _met_before(
            words[4 * position : 4 * position + 4] ^ query, layout, candidate & 255
        ):
            if found < positions.size:
                positions[found] = position
                distances[found] = distance
            found += 1
    return found


@compiled
def _met_before(difference: Words, layout: Numbers, number: Integer) -> bool:
    """Whether an earlier chunk led to the same hash already, so that it is reported once."""
    for earlier in range(number):
        row = layout[earlier]
        flips = np.int64(popcount(_chunk_value(difference, row[_START], row[_BITS])))
        if flips <= row[_RADIUS]:
            in_mark = np.int64(popcount(_mark(difference, row)))
            if in_mark <= row[_PAIR_RADIUS] - min(flips, row[_PROBED]):
                return True
    return False


@compiled
def _mark(words: Words, row: Numbers) -> np.uint64:
    return _chunk_value(words, (row[_START] + row[_BITS]) & 255, row[_FOLLOWING])


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
