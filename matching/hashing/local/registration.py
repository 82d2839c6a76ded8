"""A known picture to its local signature; done once, after which the picture is not needed."""

from __future__ import annotations

from typing import Final

import numpy as np

from matching.hashing.decode import DEFAULT_LIMITS, DecodeLimits, open_image
from matching.hashing.local.arrays import Bytes
from matching.hashing.local.keypoints import Keypoints, detect
from matching.hashing.local.picture import reference_frame, squeezed
from matching.hashing.local.projection import encode
from matching.hashing.local.selection import has_look_alikes, select
from matching.hashing.local.signature import MAX_KEYPOINTS, LocalSignature
from matching.hashing.local.windows import window_hashes

CANDIDATES: Final = 1000
MORE_CANDIDATES: Final = 3000  # as many as queries choose from
ENOUGH_UNLIKE: Final = 2 * MAX_KEYPOINTS
"""Of the candidates so many have to be unlike all others."""

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
    keypoints = _candidates(gray)
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


def _candidates(gray: Bytes) -> Keypoints:
    """The strongest places; where a pattern takes them up, those first that are unlike all others.

    The crossings of a grid are all strong and all alike: by them nobody can tell which part of it
    is seen.
    """
    strongest = detect(gray, count=CANDIDATES, contrast=0.015)
    unlike = len(strongest) - np.count_nonzero(has_look_alikes(strongest))
    if len(strongest) < CANDIDATES or unlike >= ENOUGH_UNLIKE:
        return strongest
    more = detect(gray, count=MORE_CANDIDATES, contrast=0.01)
    return more.take(np.argsort(has_look_alikes(more), kind="stable")[:CANDIDATES])


def _quantised(keypoints: Keypoints, width: int, height: int) -> Bytes:
    """Places as `LocalSignature.geometry` stores them, uint8 (n, 4)."""
    columns = (
        np.clip(keypoints.x / width * 256, 0, 255),
        np.clip(keypoints.y / height * 256, 0, 255),
        np.clip(np.log(np.maximum(keypoints.size, 1)) * 40, 0, 255),
        keypoints.angle * (256 / 360) % 256,
    )
    return np.stack(columns, axis=1).astype(np.uint8)
