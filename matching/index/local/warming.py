"""Load or compile the kernels before the first request needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.index.local.search import find_matches
from matching.index.local.shapes import CODE_BYTES, WINDOW_BYTES, WINDOWS, Bytes, Floats
from matching.index.local.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class _NothingShown:
    hashes: Bytes
    visible: Any
    cut: Any


@dataclass(frozen=True, slots=True, eq=False)
class _BlankQuery:
    geometry: Floats
    codes: Bytes
    mirrored: Bytes

    def aligned_windows(self, _affine: Any, _width: int, _height: int) -> _NothingShown:
        nothing = np.zeros(WINDOWS, np.bool_)
        return _NothingShown(np.zeros((WINDOWS, WINDOW_BYTES), np.uint8), nothing, nothing)


def warm_up() -> None:
    """Run every kernel once on nothing; call it when a process starts.

    Takes about 0.5 s with numba's cache in place and some ten without (NUMBA_CACHE_DIR).
    """
    codes = np.zeros((0, CODE_BYTES), np.uint8)
    find_matches(Tables.of([]), _BlankQuery(np.zeros((0, 4), np.float32), codes, codes))
