"""Find the thing in a picture that is mostly plain ground: a bird in the sky, a note on a table.

PDQ gives such a picture a low quality, and below 50 it is not matched. What stands on the ground,
cut out by where the contrast is, has quality enough of its own. The cut must come out alike for
every copy, so it goes by the sum of strong contrasts, which recompression hardly moves, and not by
single pixels.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.hashing.border import Box, luma

COARSE_SIDE: Final = 128
"""The shorter side, in cells, of the grid on which contrast is summed."""

FAINT: Final = 20
"""Levels of luma, of 255, between cells two apart: gradients and noise stay below, edges do not."""

CUT_SHARE: Final = 0.02
"""Share of the contrast that each side may lose: specks far from the thing."""

MIN_SIDE: Final = 32


def find_content(pixels: NDArray[np.uint8]) -> Box | None:
    """The box that holds the contrast of luma (h, w) or RGB (h, w, 3) pixels.

    None when there is no contrast, or when it fills the picture.
    """
    height, width = pixels.shape[:2]
    cell = max(1, min(height, width) // COARSE_SIDE)
    contrast = _contrast(_cells(luma(pixels), cell))
    if not contrast.any():
        return None
    top, bottom = _span(contrast.sum(axis=1), cell)
    left, right = _span(contrast.sum(axis=0), cell)
    box = Box(top, min(bottom, height), left, min(right, width))
    if min(box.height, box.width) < MIN_SIDE or box == (0, height, 0, width):
        return None
    return box


def _cells(levels: NDArray[np.int16], cell: int) -> NDArray[np.float32]:
    """Means of cell x cell pixels; what is left over at the far sides falls away."""
    rows, columns = levels.shape[0] // cell, levels.shape[1] // cell
    blocks = levels[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    means: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means


def _contrast(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    contrast = np.zeros_like(cells)
    contrast[1:-1] += np.maximum(np.abs(cells[2:] - cells[:-2]) - FAINT, 0)
    contrast[:, 1:-1] += np.maximum(np.abs(cells[:, 2:] - cells[:, :-2]) - FAINT, 0)
    return contrast


def _span(contrast: NDArray[np.float32], cell: int) -> tuple[int, int]:
    """First and last (excluded) pixel between which all but the cut shares lie.

    Interpolated between cells: on a small thing a whole cell more or less would move every bit.
    """
    share = np.concatenate([[0.0], np.cumsum(contrast) / contrast.sum()])
    ends = np.interp([CUT_SHARE, 1 - CUT_SHARE], share, np.arange(len(share))) * cell
    return round(ends[0]), round(ends[1])
