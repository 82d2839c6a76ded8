"""PDQ's blur-and-decimate step as sparse weights along one axis.

The reference blurs twice with a running box filter of `ceil(n / 128)` samples, then keeps 64
samples per axis. Everything before the median is linear and separable, so for an axis of `n`
samples it is one 64 x n matrix: the two boxes make a *tent* around each kept sample, and only
`n / 32` of a row's weights are not zero. Only those are stored, and only those are multiplied.

Source: PDQ paper (Facebook, 2019) and its C++ reference, `jaroszFilterFloat`, `decimateFloat`.
"""

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEPT: Final = 64
CACHED_AXES: Final = 128
BLOCK_ELEMENTS: Final = 1 << 17
"""Samples gathered at a time: few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class AxisWeights:
    """Weights that reduce one axis to 64 samples, forwards and mirrored.

    `index` (64, L) names the samples each output reads; `bands` (64, 2, L) weighs them: row 0 for
    the axis as it is, row 1 for the axis reversed, listed from the far end so that both rows read
    the same samples.
    """

    index: NDArray[np.intp]
    bands: NDArray[np.float32]

    def reduce(self, samples: NDArray[np.generic]) -> NDArray[np.float32]:
        """Reduce axis 0 of `samples` (n, m) to (64, 2, m): [:, 0] forwards, [::-1, 1] mirrored."""
        reduced = np.empty((KEPT, 2, samples.shape[1]), np.float32)
        per_output = self.index.shape[1] * samples.shape[1]
        step = min(KEPT, max(1, BLOCK_ELEMENTS // per_output))
        for low in range(0, KEPT, step):
            block = slice(low, low + step)
            gathered = samples[self.index[block]].astype(np.float32, copy=False)
            np.matmul(self.bands[block], gathered, out=reduced[block])
        return reduced


@functools.lru_cache(maxsize=CACHED_AXES)
def axis_weights(length: int, scale: int = 1) -> AxisWeights:
    """Weights for an axis of `length` samples of which a decoder kept the means of every `scale`.

    The weights are those of the unscaled axis folded onto the `ceil(length / scale)` means, so a
    reduced decode lands next to the full one instead of on PDQ's hash of a smaller picture.
    Costs 32 bytes a sample; the cache holds the axes seen last.
    """
    tent, start = _tent(length)
    positions = start[:, None] + np.arange(tent.shape[1])
    mirrored, mirrored_positions = tent[::-1], (length - 1 - positions)[::-1]
    first = np.minimum(positions.min(1), mirrored_positions.min(1)).clip(min=0) // scale
    last = np.maximum(positions.max(1), mirrored_positions.max(1)) // scale
    bands = np.zeros((KEPT, 2, int((last - first).max()) + 1))
    _fold(bands[:, 0], tent, positions // scale - first[:, None])
    _fold(bands[:, 1], mirrored, mirrored_positions // scale - first[:, None])
    samples = -(-length // scale)
    index = (first[:, None] + np.arange(bands.shape[2])).clip(max=samples - 1)
    return AxisWeights(index=index, bands=bands.astype(np.float32))


def _tent(length: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Non-zero weights of each of the 64 kept samples (64, L), and where each row starts (64,)."""
    window = -(-length // (2 * KEPT))
    low, high = _box(length, window)
    kept = ((np.arange(KEPT) + 0.5) * length / KEPT).astype(np.intp)
    start = low[low[kept]]
    inner = low[kept][:, None] + np.arange(window)
    inside = inner < high[kept][:, None]
    inner = np.minimum(inner, length - 1)
    share = inside / ((high - low)[kept][:, None] * (high - low)[inner])
    steps = np.zeros((KEPT, 2 * window + 1))
    rows = np.arange(KEPT)[:, None]
    np.add.at(steps, (rows, np.where(inside, low[inner] - start[:, None], 0)), share)
    np.add.at(steps, (rows, np.where(inside, high[inner] - start[:, None], 0)), -share)
    return np.cumsum(steps, axis=1)[:, :-1], start


def _box(length: int, window: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and one-past-last sample of the reference's box filter around each sample."""
    half = (window + 2) // 2
    centers = np.arange(length)
    return np.maximum(centers + half - window, 0), np.minimum(centers + half, length)


def _fold(
    band: NDArray[np.float64], weights: NDArray[np.float64], columns: NDArray[np.intp]
) -> None:
    """Add `weights` to `band` at `columns`; weights beyond the ends of the axis are zero."""
    inside = (columns >= 0) & (columns < band.shape[1])
    rows = np.broadcast_to(np.arange(len(band))[:, None], columns.shape)
    np.add.at(band, (rows[inside], columns[inside]), weights[inside])
