"""Codes near a query's codes: a two-level inverted file over binary cells.

All codes are flat uint64 words, four a code. A code belongs to the cell whose centre is nearest
to it; cells are gathered under top centres, so that a query compares itself with some hundred
centres instead of all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.compiling import compiled, popcount
from matching.index.local.shapes import Bytes, Numbers, Places, Words


@compiled
def _distance(first: Any, i: Any, second: Any, j: Any) -> Any:
    return (
        popcount(first[i] ^ second[j])
        + popcount(first[i + 1] ^ second[j + 1])
        + popcount(first[i + 2] ^ second[j + 2])
        + popcount(first[i + 3] ^ second[j + 3])
    )


@compiled
def _insert(best: Any, names: Any, filled: Any, distance: Any, name: Any) -> Any:
    """Keep the smallest distances in order; returns how many are kept."""
    if filled == best.size:
        if distance >= best[filled - 1]:
            return filled
        filled -= 1
    place = filled
    while place > 0 and best[place - 1] > distance:
        best[place], names[place] = best[place - 1], names[place - 1]
        place -= 1
    best[place], names[place] = distance, name
    return filled + 1


@compiled
def _cells(
    tops: Any, centres: Any, queries: Any, at: Any, near_tops: Any, near: Any, best: Any
) -> Any:
    """Fill `near` with the cells nearest to one query; returns how many there are."""
    found = 0
    for top in range(tops.size // 4):
        distance = np.int64(_distance(tops, 4 * top, queries, at))
        found = _insert(best[0, : near_tops.size], near_tops, found, distance, top)
    children = centres.size // tops.size
    filled = 0
    for rank in range(found):
        first = near_tops[rank] * children
        for cell in range(first, first + children):
            distance = np.int64(_distance(centres, 4 * cell, queries, at))
            filled = _insert(best[1, : near.size], near, filled, distance, cell)
    return filled


@compiled
def nearest_cells(tops: Words, centres: Words, codes: Words, breadth: int, cells: Places) -> None:
    """Fill `cells` (n,) with the nearest cell of each code, sought under `breadth` tops."""
    near_tops = np.empty(min(breadth, tops.size // 4), np.int64)
    near = np.empty(1, np.int64)
    best = np.empty((2, max(near_tops.size, 1)), np.int64)
    for code in range(codes.size // 4):
        _cells(tops, centres, codes, 4 * code, near_tops, near, best)
        cells[code] = near[0]


@compiled
def near_codes(
    tops: Words,
    centres: Words,
    limits: Numbers,
    words: Words,
    queries: Words,
    radius: int,
    effort: tuple[int, int, int],
    owners: Places,
    positions: Places,
    distances: Bytes,
) -> int:
    """Compare each query with the codes of its nearest cells; returns the number within radius.

    That number may exceed the room in `owners`, `positions` and `distances`; what does not fit
    is counted only. `effort`: how many tops and how many cells a query looks into, and after how
    many codes it opens no further cell, since a crowded one says little.
    """
    near_tops = np.empty(min(effort[0], tops.size // 4), np.int64)
    near = np.empty(min(effort[1], centres.size // 4), np.int64)
    best = np.empty((2, max(near_tops.size, near.size)), np.int64)
    found = 0
    for owner in range(queries.size // 4):
        query = queries[4 * owner : 4 * owner + 4]
        cells = _cells(tops, centres, queries, 4 * owner, near_tops, near, best)
        seen = 0
        for rank in range(cells):
            if seen >= effort[2]:
                break
            first, end = limits[near[rank]], limits[near[rank] + 1]
            block = words[4 * first : 4 * end]
            seen += end - first
            found = _scan(block, query, radius, owner, first, owners, positions, distances, found)
    return found


@compiled
def _scan(
    block: Any,
    query: Any,
    radius: Any,
    owner: Any,
    first: Any,
    owners: Any,
    positions: Any,
    distances: Any,
    found: Any,
) -> Any:
    """Compare one query with the codes of one cell; half a code is mostly enough to tell."""
    for i in range(block.size // 4):
        distance = popcount(block[4 * i] ^ query[0]) + popcount(block[4 * i + 1] ^ query[1])
        if distance > radius:
            continue
        distance += popcount(block[4 * i + 2] ^ query[2])
        distance += popcount(block[4 * i + 3] ^ query[3])
        if distance <= radius:
            if found < owners.size:
                owners[found], positions[found] = owner, first + i
                distances[found] = distance
            found += 1
    return found
