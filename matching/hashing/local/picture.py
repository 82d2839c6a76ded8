"""Decoded pixels to the grey pictures that keypoints are sought in."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from matching.hashing.local.arrays import Bytes, Floats
from matching.hashing.local.extracted import MAX_SIDE
from matching.hashing.local.signature import MIN_SIDE, REFERENCE_SIDE
from matching.hashing.local.windows import SQUARE

QUERY_SIDES: Final = (400, MAX_SIDE)
"""A submitted picture's longest side is brought into this range: below it detail is lost, above
it only time."""

cv2.setNumThreads(1)


def reference_frame(pixels: Bytes) -> Bytes:
    """Luma (h, w) or RGB (h, w, 3) to luma whose longest side is REFERENCE_SIDE."""
    return _resized(_luma(pixels), REFERENCE_SIDE)


def query_frame(pixels: Bytes) -> Bytes:
    """Luma (h, w) or RGB (h, w, 3) to luma whose longest side lies within QUERY_SIDES."""
    gray = _luma(pixels)
    lowest, highest = QUERY_SIDES
    return _resized(gray, int(np.clip(max(gray.shape), lowest, highest)))


def squeezed(gray: Bytes) -> Floats:
    """Luma (h, w) as the square windows are cut from, float32 (128, 128)."""
    square = cv2.resize(gray, (SQUARE, SQUARE), interpolation=cv2.INTER_AREA)
    return np.asarray(square, np.float32)


def _luma(pixels: Bytes) -> Bytes:
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _resized(gray: Bytes, longest: int) -> Bytes:
    scale = longest / max(gray.shape)
    if scale == 1:
        return gray
    height, width = (max(MIN_SIDE, round(side * scale)) for side in gray.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, (width, height), interpolation=method), np.uint8)
