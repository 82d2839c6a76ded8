"""PDQ, Facebook's perceptual hash of 2019, as linear algebra in NumPy.

Bits and quality equal those of the reference (C++, and the `pdqhash` package that wraps it) on the
same pixels, at a fraction of its cost: see `weights`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.hashing.pdq.orientation import TURNS, Turn
from matching.hashing.pdq.weights import KEPT, axis_weights

FREQUENCIES: Final = 16
MEDIAN_RANK: Final = FREQUENCIES * FREQUENCIES // 2 - 1
"""The lower median of 256 values, as the reference's `torben` picks it."""

GRADIENTS_PER_QUALITY: Final = 90
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in the luma PDQ works on (ITU-R BT.601)."""


@dataclass(frozen=True, slots=True)
class PdqHash:
    """A 256-bit hash (32 bytes, most significant bit first) and its quality 0..100."""

    value: bytes
    quality: int


@dataclass(frozen=True, slots=True)
class DihedralHashes:
    """Hashes of one picture turned and mirrored in all eight ways.

    `variants` (8, 32): row k is the PDQ hash of the picture after what EXIF orientation k + 1 asks
    for (see `orientation.TURNS`); row 0 is upright. `quality` is the upright picture's.
    """

    variants: NDArray[np.uint8]
    quality: int

    @property
    def upright(self) -> PdqHash:
        """The hash a list would carry."""
        return PdqHash(self.variants[0].tobytes(), self.quality)


def dihedral_hashes(
    pixels: NDArray[np.uint8],
    *,
    full_size: tuple[int, int] | None = None,
    scale: int = 1,
    orientation: int = 1,
) -> DihedralHashes:
    """Hash stored pixels, luma (height, width) or RGB (height, width, 3), in all eight turns.

    Each row is exact: it equals the hash of the turned pixels bit for bit. Flipping signs of the
    DCT instead, as the reference does, is off by up to a pixel of the decimation grid and loses
    one turned photo in ten.

    `orientation` is the EXIF tag of the stored pixels: row 0 is the picture a viewer shows.
    For a decode reduced by `scale`, `full_size` is the (height, width) before reduction.
    """
    buffers = _reduced(pixels, full_size or pixels.shape[:2], scale)
    shown = TURNS[orientation - 1]
    hashes = _hash_bits(buffers)
    rows = [hashes[_slot(shown.then(turn))] for turn in TURNS]
    quality = _quality(buffers[int(shown.flip_rows), int(shown.flip_columns)])
    return DihedralHashes(variants=np.stack(rows), quality=quality)


def pdq_hash(pixels: NDArray[np.uint8]) -> PdqHash:
    """PDQ hash of luma (height, width) or RGB (height, width, 3) pixels at full resolution."""
    return dihedral_hashes(pixels).upright


def _reduced(
    pixels: NDArray[np.uint8], full_size: tuple[int, ...], scale: int
) -> NDArray[np.float32]:
    """PDQ's 64 x 64 luma buffer of the pixels flipped by [rows, columns]: (2, 2, 64, 64)."""
    height, width = pixels.shape[:2]
    rows = axis_weights(full_size[0], scale).reduce(pixels.reshape(height, -1))
    if pixels.ndim == 3:
        rows = rows.reshape(KEPT, 2, width, 3) @ LUMA
    upended = np.ascontiguousarray(rows.reshape(2 * KEPT, width).T)
    both = axis_weights(full_size[1], scale).reduce(upended)
    buffers = both.reshape(KEPT, 2, KEPT, 2).transpose(3, 1, 2, 0)
    rows_unflipped, rows_flipped = buffers[0], buffers[1, :, ::-1]
    return np.array(
        [[flip[0], flip[1, :, ::-1]] for flip in (rows_unflipped, rows_flipped)], np.float32
    )


def _hash_bits(buffers: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Hashes (2, 2, 2, 32) by [flip_rows, flip_columns, transpose] of the four flipped buffers."""
    flipped = COSINES @ buffers @ COSINES.T
    both = np.stack([flipped, flipped.swapaxes(-1, -2)], axis=2).reshape(2, 2, 2, -1)
    median = np.partition(flipped.reshape(2, 2, 1, -1), MEDIAN_RANK)[..., MEDIAN_RANK, None]
    return np.packbits((both > median)[..., ::-1], axis=-1)


def _slot(turn: Turn) -> tuple[int, int, int]:
    return int(turn.flip_rows), int(turn.flip_columns), int(turn.transpose)


def _quality(buffer: NDArray[np.float32]) -> int:
    """The reference's count of clear edges: steps in whole per cents, summed and capped at 100."""
    down = np.trunc(np.diff(buffer, axis=0) * 100 / 255)
    across = np.trunc(np.diff(buffer, axis=1) * 100 / 255)
    gradients = int(np.abs(down).sum() + np.abs(across).sum())
    return min(100, gradients // GRADIENTS_PER_QUALITY)


def _cosines() -> NDArray[np.float32]:
    """DCT-II rows 1..16 of 64 samples; row 0, the mean, is left out."""
    frequency = np.arange(1, FREQUENCIES + 1)[:, None]
    sample = np.arange(KEPT)[None, :]
    angles = np.pi / (2 * KEPT) * frequency * (2 * sample + 1)
    matrix: NDArray[np.float32] = (np.sqrt(2 / KEPT) * np.cos(angles)).astype(np.float32)
    return matrix


COSINES: Final = _cosines()
