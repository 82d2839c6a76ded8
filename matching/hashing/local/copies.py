"""Simulated copies of a picture with known geometry: which keypoints survive is seen, not hoped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from matching.hashing.local.arrays import Affine, Bytes, Floats, Numbers
from matching.hashing.local.keypoints import Keypoints


@dataclass(frozen=True, slots=True)
class Manipulation:
    """A copy's scale, rotation in degrees, stretch of its width, JPEG quality and noise (sd)."""

    scale: float
    degrees: float
    stretch: float = 1.0
    jpeg_quality: int = 30
    noise: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """Luma (h, w), the affine map (2, 3) from the original to it, and how far it was turned."""

    gray: Bytes
    affine: Affine
    degrees: float


MANIPULATIONS: Final = (
    Manipulation(0.3, 5, jpeg_quality=60),
    Manipulation(0.5, -20),
    Manipulation(0.85, 0, stretch=0.7, jpeg_quality=50, noise=8),
    Manipulation(0.7, 40),
    Manipulation(0.45, -8, stretch=1.3, jpeg_quality=40),
)
"""What a keypoint worth storing should survive."""


class Tolerance(NamedTuple):
    """How far detections of one place may lie apart.

    `place` in pixels of the copy (of the original, if smaller), `size` as logarithm, `angle` in
    degrees.
    """

    place: float
    size: float
    angle: float


USUAL: Final = Tolerance(2.5, 0.45, 30)
STRICT: Final = Tolerance(1.5, 0.3, 20)


def simulate(gray: Bytes, manipulation: Manipulation, rng: np.random.Generator) -> Copy:
    """Make the copy of luma (h, w); the same generator state makes the same copy."""
    affine, (width, height) = _placed(gray.shape, manipulation)
    smooth = manipulation.scale < 0.95
    source = cv2.GaussianBlur(gray, (0, 0), 0.5 / manipulation.scale) if smooth else gray
    warped = np.asarray(cv2.warpAffine(source, affine, (width, height)), np.uint8)
    if manipulation.noise:
        noisy = warped + rng.normal(0, manipulation.noise, warped.shape)
        warped = noisy.clip(0, 255).astype(np.uint8)
    return Copy(_compressed(warped, manipulation.jpeg_quality), affine, manipulation.degrees)


def same_places(
    original: Keypoints, found: Keypoints, copy: Copy, tolerance: Tolerance = USUAL
) -> tuple[Numbers, Numbers]:
    """Pairs of a keypoint of the original and one found in the copy that are truly the same.

    Positions in `original` (k,) and in `found` (k,).
    """
    scale = math.sqrt(abs(np.linalg.det(copy.affine[:, :2])))
    moved = np.stack([original.x, original.y], 1) @ copy.affine[:, :2].T + copy.affine[:, 2]
    reach = tolerance.place * max(scale, 0.6)
    ours, theirs = _within(moved[:, 0], found.x, reach)
    apart = np.hypot(moved[ours, 0] - found.x[theirs], moved[ours, 1] - found.y[theirs])
    growth = np.abs(np.log(original.size[ours] * scale / found.size[theirs]))
    turn = (original.angle[ours] - copy.degrees - found.angle[theirs] + 180) % 360 - 180
    same = (apart < reach) & (growth < tolerance.size) & (np.abs(turn) < tolerance.angle)
    return ours[same], theirs[same]


def _within(values: Affine, others: Floats, reach: float) -> tuple[Numbers, Numbers]:
    """Positions of all pairs of a value and another one that differ by at most `reach`."""
    order = np.argsort(others)
    first = np.searchsorted(others[order], values - reach)
    counts = np.searchsorted(others[order], values + reach, "right") - first
    ours = np.repeat(np.arange(len(values)), counts)
    steps = np.arange(len(ours)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ours, order[np.repeat(first, counts) + steps]


def _placed(shape: tuple[int, ...], how: Manipulation) -> tuple[Affine, tuple[int, int]]:
    """The affine map whose result touches the origin, and the width and height it needs."""
    height, width = shape
    turn = math.radians(how.degrees)
    rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    linear = rotation @ np.diag([how.scale * how.stretch, how.scale])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ linear.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    columns, rows = np.ceil(high - low).astype(int).tolist()
    return np.column_stack([linear, -low]), (columns, rows)


def _compressed(gray: Bytes, quality: int) -> Bytes:
    _, encoded = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
