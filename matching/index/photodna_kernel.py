"""The inner loop of PhotoDNA's search, compiled by numba, without the interpreter lock."""

from __future__ import annotations

import numpy as np

from matching.index.intrinsics import compiled
from matching.index.neighbours import Bytes
from matching.index.tables import Numbers

Integer = int | np.int64

_STRIDE = 16


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
