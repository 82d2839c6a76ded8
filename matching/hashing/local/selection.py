"""Which keypoints of a reference to store: those that survive copies and have no look-alikes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.arrays import Bytes, Floats, Numbers
from matching.hashing.local.copies import MANIPULATIONS, same_places, simulate
from matching.hashing.local.frequent import is_frequent
from matching.hashing.local.keypoints import Keypoints, detect
from matching.hashing.local.projection import distances, encode

SEED_RADIUS: Final = 40
"""Bits by which codes of the same place usually differ at most; the index searches this far."""

ROWS_AT_ONCE: Final = 500  # of a matrix of all pairs: it would take 100 MB
CELLS: Final = 4
PLACE: Final = 3.0
"""Pixels within which two keypoints are one place."""


def select(gray: Bytes, keypoints: Keypoints, *, count: int) -> Numbers:
    """Positions of at most `count` keypoints of a reference frame (h, w), best first.

    Keypoints with a code that is frequent in harmless pictures are left out.
    """
    codes = encode(keypoints.descriptors)
    rank = (
        _stability(gray, keypoints, codes).sum(axis=1)
        - 0.8 * np.log2(1 + _look_alikes(keypoints, codes))
        + 0.3 * np.argsort(np.argsort(keypoints.response)) / max(1, len(keypoints))
    )
    order = np.argsort(-rank, kind="stable")
    order = order[~is_frequent(codes[order])]
    return _balanced(keypoints, order, gray.shape)[:count]


def _stability(gray: Bytes, keypoints: Keypoints, codes: Bytes) -> Floats:
    """How well each keypoint survived each simulated copy: 0, 1 or 1.5, float32 (n, copies)."""
    rng = np.random.default_rng(0)
    survived = np.zeros((len(keypoints), len(MANIPULATIONS)), np.float32)
    for number, manipulation in enumerate(MANIPULATIONS):
        copy = simulate(gray, manipulation, rng)
        found = detect(copy.gray, count=800, contrast=0.012)
        if not len(found):
            continue
        ours, theirs = same_places(keypoints, found, copy)
        differing = np.bitwise_count(codes[ours] ^ encode(found.descriptors)[theirs])
        nearest = np.full(len(codes), np.inf)
        np.minimum.at(nearest, ours, differing.sum(axis=1, dtype=np.int64))
        survived[:, number] = 1.0 * (nearest <= SEED_RADIUS + 10) + 0.5 * (
            nearest <= SEED_RADIUS - 8
        )
    return survived


def has_look_alikes(keypoints: Keypoints) -> NDArray[np.bool_]:
    """Whether there are other places in the picture with nearly the same code, bool (n,)."""
    return _look_alikes(keypoints, encode(keypoints.descriptors)) > 0


def _look_alikes(keypoints: Keypoints, codes: Bytes) -> Numbers:
    """How many other places of the picture have nearly the same code: checks, fences, letters."""
    x, y = keypoints.x, keypoints.y
    counts = np.empty(len(codes), np.intp)
    for start in range(0, len(codes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        elsewhere = np.hypot(x[rows, None] - x, y[rows, None] - y) > 8
        alike = distances(codes[rows], codes) <= SEED_RADIUS + 4
        counts[rows] = (alike & elsewhere).sum(axis=1)
    return counts


def _balanced(keypoints: Keypoints, order: Numbers, shape: tuple[int, ...]) -> Numbers:
    """One keypoint a place, and every prefix spread over the parts of the picture.

    A part may be some keypoints, but not much more than twice its share, ahead.
    """
    height, width = shape[:2]
    part = np.minimum((keypoints.y * CELLS / height).astype(np.intp), CELLS - 1) * CELLS
    part += np.minimum((keypoints.x * CELLS / width).astype(np.intp), CELLS - 1)
    place = (keypoints.x // PLACE) * 4096 + keypoints.y // PLACE
    first = np.sort(np.unique(place[order], return_index=True)[1])
    taken = [0] * CELLS**2
    chosen: list[int] = []
    later: list[int] = []
    for position in order[first].tolist():
        if taken[part[position]] <= 4 + 2.2 / CELLS**2 * len(chosen):
            taken[part[position]] += 1
            chosen.append(position)
        else:
            later.append(position)
    return np.array(chosen + later, np.intp)
