"""Both halves of the partial stage in one process: what decoder processes do, and what is searched.

Names the functions that need OpenCV, which the service itself loads in decoder processes only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.extraction import extract
from matching.hashing.local.query import QueryFeatures
from matching.hashing.local.registration import register_local

__all__ = ["query_local", "register_local"]


def query_local(pixels: NDArray[np.uint8]) -> QueryFeatures:
    """The features of a submitted picture, luma (h, w) or RGB (h, w, 3)."""
    return QueryFeatures.of(extract(pixels))
