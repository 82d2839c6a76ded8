"""SIFT descriptors to 256-bit codes whose Hamming distance tells same places from others.

RootSIFT (Arandjelović & Zisserman 2012), centred, whitened against what manipulations change
(LDAHash, Strecha et al. 2012), 96 directions kept and turned into 256 signs by random rotations.
`data/projection.txt` says how, and from which photos, the numbers were learned.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from matching.hashing.local.arrays import Bytes, Floats, Numbers

CODE_BYTES: Final = 32
CODE_BITS: Final = 256

DATA: Final = Path(__file__).with_name("data")


class Projection(NamedTuple):
    """`mean` float32 (128,) and `matrix` float32 (128, 256)."""

    mean: Floats
    matrix: Floats


def encode(descriptors: Bytes) -> Bytes:
    """Descriptors uint8 (n, 128) to codes uint8 (n, 32)."""
    learned = _learned()
    return encode_with(learned, descriptors)


def encode_mirrored(descriptors: Bytes) -> Bytes:
    """The codes the same places have in the mirrored picture, without a second detection."""
    return encode(descriptors[:, MIRRORED])


def encode_with(projection: Projection, descriptors: Bytes) -> Bytes:
    """The signs of the projected RootSIFT descriptors, (n, 32)."""
    signs = (root(descriptors) - projection.mean) @ projection.matrix > 0
    return np.asarray(np.packbits(signs, axis=1), np.uint8)


def root(descriptors: Bytes) -> Floats:
    """RootSIFT: the square roots of the descriptor's shares, float32 (n, 128)."""
    values = descriptors.astype(np.float32)
    shares = values / (values.sum(axis=1, keepdims=True) + np.float32(1e-6))
    return np.asarray(np.sqrt(shares), np.float32)


def distances(first: Bytes, second: Bytes) -> Floats:
    """Hamming distances of codes (n, 32) and (m, 32), float32 (n, m)."""
    agreement = _signs(first) @ _signs(second).T
    return np.asarray((CODE_BITS - agreement) / 2, np.float32)


def _signs(codes: Bytes) -> Floats:
    return np.unpackbits(codes, axis=1).astype(np.float32) * np.float32(2) - np.float32(1)


def _mirrored() -> Numbers:
    """Where each bin of a mirrored patch's descriptor comes from.

    A patch is 4 x 4 cells of 8 directions in the keypoint's own frame: mirroring swaps the rows
    across its axis and negates the directions.
    """
    bins = np.arange(128, dtype=np.intp).reshape(4, 4, 8)
    return bins[::-1][:, :, -np.arange(8) % 8].reshape(-1)


MIRRORED: Final = _mirrored()


@functools.cache
def _learned() -> Projection:
    with np.load(DATA / "projection.npz", allow_pickle=False) as arrays:
        return Projection(arrays["mean"], arrays["matrix"])
