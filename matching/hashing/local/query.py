"""A submitted picture as the partial search sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.arrays import Affine, Bytes, Floats
from matching.hashing.local.extracted import Extracted
from matching.hashing.local.sampling_kernel import sample_square
from matching.hashing.local.windows import CORNERS, SQUARE, window_hashes

MIN_CONTRAST: Final = 2.0

_SUPERSAMPLED: Final = 2 * SQUARE
_MARGIN: Final = 2.0
"""Pixels a window may stick out of the picture."""

_SMALLEST_LEVEL: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class AlignedWindows:
    """The windows of a reference as the query shows them.

    `hashes` uint8 (58, 8); `visible` bool (58,): within the query and not flat there.
    """

    hashes: Bytes
    visible: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class QueryFeatures:
    """Keypoints of a query, n <= 800, and the pictures its windows are read from.

    `geometry` float32 (n, 4): x, y, size in pixels, angle in degrees. `codes` and `mirrored`
    uint8 (n, 32), as the picture is and as its mirror image. `pyramid`: luma, halved in size
    again and again. Hold it in memory only, for as long as the search takes.
    """

    geometry: Floats
    codes: Bytes
    mirrored: Bytes
    pyramid: tuple[Bytes, ...]

    @classmethod
    def of(cls, found: Extracted) -> Self:
        """What a decoder process found, ready to be searched for."""
        return cls(found.geometry, found.codes, found.mirrored, _pyramid(found.gray))

    def aligned_windows(self, affine: Affine, width: int, height: int) -> AlignedWindows:
        """Read the windows of a reference frame that `affine` (2, 3) maps into this picture.

        `width` and `height` are the frame's; positions are of pixel centres.
        """
        place = _square_to_query(affine, width, height)
        hashes, contrast = window_hashes(self._square(place))
        return AlignedWindows(hashes, self._inside(place) & (contrast > MIN_CONTRAST))

    def _square(self, place: Affine) -> Floats:
        """The reference's square, from the level nearest in size."""
        fineness = _SUPERSAMPLED / SQUARE
        step = math.sqrt(abs(float(np.linalg.det(place[:, :2])))) / fineness
        level = min(max(0, math.floor(math.log2(max(step, 1)))), len(self.pyramid) - 1)
        linear = place[:, :2] / fineness
        first_centre = linear.sum(axis=1) / 2 + place[:, 2]
        shown = np.column_stack([linear, first_centre]) / 2**level - [[0, 0, 0.5]]
        square = np.empty((SQUARE, SQUARE), np.float32)
        sample_square(self.pyramid[level], shown, square)
        return square

    def _inside(self, place: Affine) -> NDArray[np.bool_]:
        """Which windows lie within the picture with all four corners, bool (58,)."""
        height, width = self.pyramid[0].shape
        corners = CORNERS[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] @ place[:, :2].T + place[:, 2]
        low, high = corners.min(axis=1), corners.max(axis=1)
        limit = np.array([width, height]) + _MARGIN
        inside: NDArray[np.bool_] = ((low >= -_MARGIN) & (high <= limit)).all(axis=1)
        return inside


def warm_up() -> None:
    """Load or compile the kernel before the first request needs it."""
    sample_square(np.zeros((2, 2), np.uint8), np.zeros((2, 3)), np.empty((1, 1), np.float32))


def _square_to_query(affine: Affine, width: int, height: int) -> Affine:
    """From the square of 128 pixels to the query, both measured from their corners."""
    linear = affine[:, :2] * (np.array([width, height]) / SQUARE)
    offset = affine[:, 2] + 0.5 - affine[:, :2].sum(axis=1) / 2
    return np.column_stack([linear, offset])


def _pyramid(gray: Bytes) -> tuple[Bytes, ...]:
    levels = [gray]
    while min(levels[-1].shape) >= 2 * _SMALLEST_LEVEL:
        height, width = (side // 2 for side in levels[-1].shape)
        fours = levels[-1][: 2 * height, : 2 * width].reshape(height, 2, width, 2)
        levels.append(((fours.sum(axis=(1, 3), dtype=np.uint16) + 2) // 4).astype(np.uint8))
    return tuple(levels)
