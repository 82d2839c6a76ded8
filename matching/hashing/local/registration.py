"""A known picture to its local signature; done once, after which the picture is not needed."""

from __future__ import annotations

from typing import Final

import numpy as np

from matching.hashing.decode import DEFAULT_LIMITS, DecodeLimits, open_image
from matching.hashing.local.arrays import Bytes
from matching.hashing.local.keypoints import Keypoints, detect
from matching.hashing.local.picture import reference_frame, squeezed
from matching.hashing.local.projection import encode
from matching.hashing.local.selection import select
from matching.hashing.local.signature import MAX_KEYPOINTS, LocalSignature
from matching.hashing.local.windows import window_hashes

MIN_CONTRAST: Final = 4.0
"""Standard deviation, of 255 levels, below which a window's hash is mostly noise."""


def register_local(
    picture: Bytes | bytes, *, limits: DecodeLimits = DEFAULT_LIMITS
) -> LocalSignature | None:
    """The signature of luma (h, w) or RGB (h, w, 3) pixels, or of an image file's first frame.

    None for a picture that is too smooth to be told by its parts: PDQ alone has to do. Raises a
    subclass of ImageError for bytes that are no image.
    """
    pixels = _first_frame(picture, limits) if isinstance(picture, bytes) else picture
    signature = _signed(reference_frame(pixels))
    return None if signature.gated else signature


def _first_frame(data: bytes, limits: DecodeLimits) -> Bytes:
    return next(open_image(data, limits=limits).frames(reduced=False)).pixels


def _signed(gray: Bytes) -> LocalSignature:
    keypoints = detect(gray, count=1000, contrast=0.015)
    kept = keypoints.take(select(gray, keypoints, count=MAX_KEYPOINTS))
    height, width = gray.shape
    hashes, contrast = window_hashes(squeezed(gray))
    informative = contrast > MIN_CONTRAST
    return LocalSignature(
        codes=encode(kept.descriptors),
        geometry=_quantised(kept, width, height),
        windows=np.where(informative[:, None], hashes, np.uint8(0)),
        informative=informative,
        width=width,
        height=height,
    )


def _quantised(keypoints: Keypoints, width: int, height: int) -> Bytes:
    """Places as `LocalSignature.geometry` stores them, uint8 (n, 4)."""
    columns = (
        np.clip(keypoints.x / width * 256, 0, 255),
        np.clip(keypoints.y / height * 256, 0, 255),
        np.clip(np.log(np.maximum(keypoints.size, 1)) * 40, 0, 255),
        keypoints.angle * (256 / 360) % 256,
    )
    return np.stack(columns, axis=1).astype(np.uint8)
