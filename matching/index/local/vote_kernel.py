"""Which references do the seeds agree on? Hough votes for rotation and scale (Lowe 2004)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from matching.compiling import compiled
from matching.index.local.shapes import Bytes, Floats, Places

_ANGLE_BINS, _SCALE_BINS = 8, 32
_SCALE_WIDTH = 0.84
_MIN_VOTES = 2


@compiled
def _bin(turn: Any, growth: Any, angle_offset: Any, scale_offset: Any) -> Any:
    angle = int(((turn + angle_offset) % 360.0) // 45.0) % _ANGLE_BINS
    scale = math.floor((growth + scale_offset) / _SCALE_WIDTH) + _SCALE_BINS // 2
    return angle * _SCALE_BINS + min(max(scale, 0), _SCALE_BINS - 1)


@compiled
def _best_bin(
    order: Any,
    begin: Any,
    end: Any,
    positions: Any,
    turns: Any,
    growths: Any,
    weights: Any,
    counts: Any,
    sums: Any,
    last: Any,
) -> Any:
    """Votes and weight of the fullest bin of one candidate; a stored place votes once a bin."""
    votes, weight = 0, 0.0
    for shift in range(4):
        angle_offset, scale_offset = 22.5 * (shift % 2), _SCALE_WIDTH / 2 * (shift // 2)
        for at in range(begin, end):
            seed = order[at]
            where = _bin(turns[seed], growths[seed], angle_offset, scale_offset)
            if counts[where] == 0 or last[where] != positions[seed]:
                counts[where] += 1
                sums[where] += weights[seed]
                last[where] = positions[seed]
                if sums[where] > weight and counts[where] >= _MIN_VOTES:
                    votes, weight = counts[where], sums[where]
        for at in range(begin, end):
            where = _bin(turns[order[at]], growths[order[at]], angle_offset, scale_offset)
            counts[where], sums[where] = 0, 0.0
    return votes, weight


@compiled
def count_votes(
    owners: Places,
    positions: Places,
    distances: Bytes,
    rows: Places,
    turns: Floats,
    growths: Floats,
    radius: int,
    keypoints: int,
    references: int,
    candidates: Places,
    votes: Places,
    weights: Floats,
) -> int:
    """Find the candidates, numbered 2 * row + mirrored, with at least 2 agreeing seeds.

    `owners` >= `keypoints` are seeds of the mirrored picture. `rows`, `turns` (degrees) and
    `growths` (logarithm) belong to the seeds. Returns how many candidates were filled in.
    """
    of_seed = np.empty(owners.size, np.int64)
    seeds_of = np.zeros(2 * references, np.int32)
    for seed in range(owners.size):
        of_seed[seed] = 2 * np.int64(rows[seed]) + (owners[seed] >= keypoints)
        seeds_of[of_seed[seed]] += 1
    kept = np.empty(owners.size, np.int64)
    weight_of = np.empty(owners.size, np.float32)
    count = 0
    for seed in range(owners.size):
        weight_of[seed] = (radius + 6.0 - distances[seed]) / (radius + 6.0)
        if seeds_of[of_seed[seed]] >= _MIN_VOTES:
            kept[count] = seed
            count += 1
    kept = kept[:count]
    order = kept[np.argsort((of_seed[kept] << 31) + positions[kept])]
    bins = _ANGLE_BINS * _SCALE_BINS
    counts, sums = np.zeros(bins, np.int64), np.zeros(bins, np.float64)
    last = np.empty(bins, np.int64)
    filled = begin = 0
    while begin < count:
        candidate, end = of_seed[order[begin]], begin + 1
        while end < count and of_seed[order[end]] == candidate:
            end += 1
        best, weight = _best_bin(
            order, begin, end, positions, turns, growths, weight_of, counts, sums, last
        )
        if best >= _MIN_VOTES and filled < candidates.size:
            candidates[filled], votes[filled], weights[filled] = candidate, best, weight
            filled += 1
        begin = end
    return filled
