"""Move the map until the windows agree best.

Matched places alone can put it some pixels off where they lie close together or repeat: 3 pixels of
512 cost a window 5 bits, 8 cost 14. The windows say so themselves: those of a picture that is truly
shown are nearer than chance even then, so that the map can be followed downhill, which it is only
where they are. Pixels, and with them the usual methods, there are none of the reference.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from matching.index.local.shapes import Affine, Aligned, Query, Signature

CAP: Final = 26
"""Bits from which on a window says no more than that it is another."""

HOPEFUL: Final = 20.0
"""Mean distance, each capped, below which it is worth a try; strangers lie about 25 apart."""

LEAST_WINDOWS: Final = 4
STEPS: Final = (8.0, 4.0, 2.0, 1.0)
"""Pixels, at the frame's edge, by which the map is moved."""

ROUNDS: Final = 3
"""At most so many times round all movements with each step: about 100 looks at the query."""


def is_hopeful(signature: Signature, aligned: Aligned) -> bool:
    """Whether the windows are nearer than a stranger's."""
    return _mean_distance(signature, aligned) <= HOPEFUL


def refine(query: Query, signature: Signature, affine: Affine) -> Affine:
    """The map (2, 3), moved by steps so long as windows come nearer on average."""
    movements = _movements(signature.width, signature.height)

    def distance(of: Affine) -> float:
        aligned = query.aligned_windows(of, signature.width, signature.height)
        return _mean_distance(signature, aligned)

    best, least = affine, distance(affine)
    for step in STEPS:
        for _ in range(ROUNDS):
            before = least
            for movement in (*(step * movements), *(-step * movements)):
                moved = _moved(best, movement)
                apart = distance(moved)
                if apart < least:
                    best, least = moved, apart
            if least == before:
                break
    return best


def _mean_distance(signature: Signature, aligned: Aligned) -> float:
    """Of windows seen whole or cut, in bits, each capped; the cap where there are too few."""
    compared = signature.informative & (aligned.visible | aligned.cut)
    if compared.sum() < LEAST_WINDOWS:
        return float(CAP)
    differing = np.bitwise_count(signature.windows[compared] ^ aligned.hashes[compared])
    return float(np.minimum(differing.sum(axis=1), CAP).mean())


def _moved(affine: Affine, movement: Affine) -> Affine:
    """The map of a place that was moved first."""
    linear = affine[:, :2]
    return np.column_stack([linear @ (np.eye(2) + movement[:, :2]), affine @ [*movement[:, 2], 1]])


def _movements(width: int, height: int) -> Affine:
    """(6, 2, 3): right, down, larger, turned, wider, sheared; of one pixel at the frame's edge."""
    centre, reach = np.array([width, height]) / 2, max(width, height) / 2
    linear = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[1, 0], [0, -1]], [[0, 1], [1, 0]]])
    around = np.concatenate([linear, -(linear @ centre)[:, :, None]], axis=2) / reach
    shifts = np.array([[[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]])
    return np.concatenate([shifts, around])
