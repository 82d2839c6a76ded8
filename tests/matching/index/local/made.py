"""Signatures and queries made of numbers alone, with known places: the judge knows the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

WIDTH, HEIGHT = 512, 384


@dataclass(frozen=True, eq=False)
class MadeSignature:
    """See `matching.index.local.shapes.Signature`."""

    codes: Bytes
    geometry: Bytes
    windows: Bytes
    informative: NDArray[np.bool_]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, eq=False)
class MadeAligned:
    """See `matching.index.local.shapes.Aligned`."""

    hashes: Bytes
    visible: NDArray[np.bool_]
    cut: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(58, np.bool_))


@dataclass(frozen=True, eq=False)
class MadeQuery:
    """Shows `windows` wherever it is asked, and remembers the maps it was asked with."""

    geometry: NDArray[np.float32]
    codes: Bytes
    mirrored: Bytes
    windows: Bytes
    asked: list[NDArray[np.float64]]

    def aligned_windows(self, affine: Any, width: int, height: int) -> MadeAligned:
        assert (width, height) == (WIDTH, HEIGHT)
        self.asked.append(affine)
        return MadeAligned(self.windows, np.ones(58, np.bool_))


def signature(seed: int, count: int = 128) -> MadeSignature:
    rng = np.random.default_rng(seed)
    return MadeSignature(
        codes=rng.integers(0, 256, (count, 32), dtype=np.uint8),
        geometry=rng.integers(0, 256, (count, 4), dtype=np.uint8),
        windows=rng.integers(0, 256, (58, 8), dtype=np.uint8),
        informative=np.ones(58, np.bool_),
    )


def places(made: MadeSignature) -> NDArray[np.float64]:
    """x, y, size, angle of the stored keypoints."""
    stored = made.geometry.astype(np.float64) + 0.5
    scale = np.array([WIDTH / 256, HEIGHT / 256, 1.0, 360 / 256])
    shown = stored * scale
    shown[:, 2] = np.exp(stored[:, 2] / 40)
    return shown


def showing(
    made: MadeSignature,
    *,
    scale: float = 1.0,
    degrees: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    mirrored: bool = False,
    noise_bits: int = 20,
    keypoints: int = 128,
    seed: int = 0,
) -> MadeQuery:
    """A query in which the first `keypoints` of a signature appear moved, among 100 strangers."""
    rng = np.random.default_rng([seed, 99])
    at = places(made)[:keypoints]
    if mirrored:
        at[:, 0], at[:, 3] = -at[:, 0], 180 - at[:, 3]
    turn = np.radians(degrees)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = at[:, :2] @ rotation.T + shift
    known = np.column_stack([moved, at[:, 2] * scale, (at[:, 3] + degrees) % 360])
    strange = np.column_stack(
        [rng.random((100, 2)) * 500, 2 + 20 * rng.random(100), 360 * rng.random(100)]
    )
    codes = flipped(made.codes[:keypoints], noise_bits, rng)
    strangers = rng.integers(0, 256, (100, 32), dtype=np.uint8)
    others = rng.integers(0, 256, (keypoints + 100, 32), dtype=np.uint8)
    seen = np.concatenate([codes, strangers])
    return MadeQuery(
        geometry=np.concatenate([known, strange]).astype(np.float32),
        codes=others if mirrored else seen,
        mirrored=seen if mirrored else others,
        windows=made.windows.copy(),
        asked=[],
    )


def flipped(codes: Bytes, bits: int, rng: np.random.Generator) -> Bytes:
    """The codes with so many random bits of each inverted."""
    masks = np.zeros((len(codes), 256), np.uint8)
    for row in masks:
        row[rng.choice(256, bits, replace=False)] = 1
    return codes ^ np.packbits(masks, axis=1)


def flipped_bits(rows: Bytes, bits: int) -> Bytes:
    """The rows with their first `bits` bits inverted."""
    mask = np.packbits(np.arange(8 * rows.shape[1]) < bits)
    return rows ^ mask
