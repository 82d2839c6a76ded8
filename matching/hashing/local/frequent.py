"""Codes that are frequent in harmless pictures: letters, digits, frames, plain corners.

They say nothing about which picture this is and would fill every search with votes for nothing.
`data/frequent.txt` says how the list was made.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.arrays import Bytes
from matching.hashing.local.projection import DATA, distances

FREQUENT_RADIUS: Final = 24
"""Bits from a listed code within which a code counts as that code."""


def is_frequent(codes: Bytes) -> NDArray[np.bool_]:
    """Which of the codes (n, 32) lie near a listed one: bool (n,)."""
    near: NDArray[np.bool_] = distances(codes, _listed()) <= FREQUENT_RADIUS
    return np.asarray(near.any(axis=1), np.bool_)


@functools.cache
def _listed() -> Bytes:
    codes: Bytes = np.load(DATA / "frequent.npy", allow_pickle=False)
    return codes
