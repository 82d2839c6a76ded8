"""A submitted picture to what the partial search needs of it."""

from __future__ import annotations

import numpy as np

from matching.hashing.decode import DEFAULT_LIMITS, DecodeLimits, open_image
from matching.hashing.local.arrays import Bytes
from matching.hashing.local.extracted import MAX_KEYPOINTS, Extracted
from matching.hashing.local.keypoints import detect_spread
from matching.hashing.local.picture import query_frame
from matching.hashing.local.projection import encode, encode_mirrored


def extract(pixels: Bytes) -> Extracted:
    """The keypoints of a submitted picture, luma (h, w) or RGB (h, w, 3)."""
    gray = query_frame(pixels)
    found = detect_spread(gray, count=MAX_KEYPOINTS, among=3000, contrast=0.01)
    return Extracted(
        np.stack([found.x, found.y, found.size, found.angle], axis=1),
        encode(found.descriptors),
        encode_mirrored(found.descriptors),
        gray,
    )


def extract_frames(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> tuple[Extracted, ...]:
    """Every view of every sampled frame of an image file. Raise a subclass of ImageError."""
    frames = open_image(data, limits=limits).frames(reduced=True)
    return tuple(extract(frame.pixels) for frame in frames)
