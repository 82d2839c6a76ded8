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
from matching.hashing.local.windows import SQUARE, covered, window_hashes

MIN_CONTRAST: Final = 2.0

_SUPERSAMPLED: Final = 2 * SQUARE
MIN_SHARE: Final = 0.8
"""Of a window at the picture's edge that must be seen. Of a quarter of a picture often no more than
two windows are seen whole; the hashes of those cut so far are some 6 bits off, others' 31."""

_MARGIN: Final = 2.0
"""Pixels by which what is shown may seem to stick out of the picture."""

_SMALLEST_LEVEL: Final = 32

_SAMPLES: Final = np.arange(1.0, SQUARE, 2.0)
"""Rows and columns of the square at which is asked whether they lie within the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class AlignedWindows:
    """The windows of a reference as the query shows them.

    `hashes` uint8 (58, 8). `visible` bool (58,): within the query and not flat there; `cut`: so
    for at least MIN_SHARE, not wholly.
    """

    hashes: Bytes
    visible: NDArray[np.bool_]
    cut: NDArray[np.bool_]


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
        shares, uneven = self._shares(place), contrast > MIN_CONTRAST
        whole = shares == 1
        return AlignedWindows(hashes, whole & uneven, (shares >= MIN_SHARE) & ~whole & uneven)

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

    def _shares(self, place: Affine) -> Affine:
        """The share of each window that lies within the picture, float64 (58,)."""
        across = _SAMPLES[:, None] * place[:, 0] + place[:, 2]
        down = _SAMPLES[:, None] * place[:, 1]
        height, width = self.pyramid[0].shape
        points = across[None, :, :] + down[:, None, :] + _MARGIN
        limit = np.array([width, height]) + 2 * _MARGIN
        inside = np.asarray(((points >= 0) & (points <= limit)).all(axis=2), np.bool_)
        return covered(inside)


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
