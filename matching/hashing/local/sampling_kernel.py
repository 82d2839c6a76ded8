"""Read a square from a picture under an affine map, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.compiling import compiled


@compiled
def sample_square(picture: Any, place: Any, square: Any) -> None:
    """Fill `square` float32 (n, n) from `picture` uint8 (h, w), bilinear, four samples a cell.

    `place` float64 (2, 3) maps positions in a square of 2n to the picture's, both measured
    between pixel centres. What lies outside is as the edge next to it.
    """
    last_row, last_column = picture.shape[0] - 1, picture.shape[1] - 1
    for row in range(square.shape[0]):
        for column in range(square.shape[1]):
            total = np.float32(0)
            for part in range(4):
                u, v = 2 * column + part % 2, 2 * row + part // 2
                x = place[0, 0] * u + place[0, 1] * v + place[0, 2]
                y = place[1, 0] * u + place[1, 1] * v + place[1, 2]
                x, y = min(max(x, 0.0), last_column), min(max(y, 0.0), last_row)
                left, top = int(x), int(y)
                right, bottom = min(left + 1, last_column), min(top + 1, last_row)
                across, down = np.float32(x - left), np.float32(y - top)
                corner = np.float32(picture[top, left])
                upper = corner + (np.float32(picture[top, right]) - corner) * across
                corner = np.float32(picture[bottom, left])
                lower = corner + (np.float32(picture[bottom, right]) - corner) * across
                total += upper + (lower - upper) * down
            square[row, column] = total * np.float32(0.25)
