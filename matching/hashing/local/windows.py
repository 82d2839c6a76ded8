"""Window hashes: what lies between the keypoints, so that shared places alone are no match.

The picture, squeezed into a square of 128 pixels whatever its aspect, is cut into 9 half-size and
49 quarter-size overlapping windows. Each gives the signs of its 64 lowest DCT coefficients.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matching.hashing.local.arrays import Bytes, Floats, Numbers

SQUARE: Final = 128
WINDOW: Final = 32
STRIDE: Final = 16
WINDOWS: Final = 58
WINDOW_BYTES: Final = 8
BITS: Final = 64


class WindowHashes(NamedTuple):
    """`hashes` uint8 (58, 8); `contrast` float32 (58,): standard deviation of the pixels."""

    hashes: Bytes
    contrast: Floats


def window_hashes(square: Floats) -> WindowHashes:
    """Hash the windows of a square (128, 128): half-size ones first, row by row."""
    halved = square.reshape(SQUARE // 2, 2, SQUARE // 2, 2).mean(axis=(1, 3), dtype=np.float32)
    windows = np.concatenate([_cut(halved), _cut(square)])
    spectra = _COSINES @ windows @ _COSINES.T
    signs = spectra[:, _ROWS, _COLUMNS] > 0
    return WindowHashes(np.packbits(signs, axis=1), windows.std(axis=(1, 2)))


def covered(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The share of each window, (58,), in which `inside` (n, n), the square in coarse, is true.

    n is a multiple of 8 that divides 128.
    """
    side = len(inside)
    sums = np.zeros((side + 1, side + 1), np.int64)
    sums[1:, 1:] = inside.cumsum(axis=0).cumsum(axis=1)
    left, top, right, bottom = (CORNERS.T * (side / SQUARE)).astype(np.intp)
    counts = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return np.asarray(counts / ((right - left) * (bottom - top)), np.float64)


def _cut(square: Floats) -> Floats:
    views = sliding_window_view(square, (WINDOW, WINDOW))[::STRIDE, ::STRIDE]
    return views.reshape(-1, WINDOW, WINDOW)


def _corners() -> Floats:
    """Left, top, right and bottom of each window in pixels of the square, (58, 4)."""
    boxes = [
        (x, y, x + side, y + side)
        for side, stride in ((2 * WINDOW, 2 * STRIDE), (WINDOW, STRIDE))
        for y in range(0, SQUARE - side + 1, stride)
        for x in range(0, SQUARE - side + 1, stride)
    ]
    return np.array(boxes, np.float32)


def _lowest() -> tuple[Numbers, Numbers]:
    """Rows and columns of the 64 lowest frequencies without the mean, by diagonals."""
    diagonals = [(row, total - row) for total in range(1, 11) for row in range(total + 1)]
    rows, columns = np.array(diagonals[:BITS], np.intp).T
    return rows, columns


def _cosines() -> Floats:
    """The lowest rows that are needed of the orthonormal DCT-II of 32 samples."""
    frequency = np.arange(max(_ROWS.max(), _COLUMNS.max()) + 1)[:, None]
    sample = np.arange(WINDOW)[None, :]
    waves: NDArray[np.float64] = np.cos(np.pi * (sample + 0.5) * frequency / WINDOW) * np.sqrt(
        2 / WINDOW
    )
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)


CORNERS: Final = _corners()
_ROWS, _COLUMNS = _lowest()
_COSINES: Final = _cosines()
