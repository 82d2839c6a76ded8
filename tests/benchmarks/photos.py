"""The photos of a folder in the sizes that are measured."""

from __future__ import annotations

import ctypes
import io
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from matching.hashing import query_image

QUALITY = 90
# mallopt's numbers in glibc, and sizes above those of any photo here.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
PLENTY = 1 << 28


def resized(photo: Path, size: tuple[int, int]) -> bytes:
    """The photo as a JPEG of `size` = (width, height); larger than it is, it comes out smooth."""
    buffer = io.BytesIO()
    with Image.open(photo) as image:
        image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(
            buffer, "JPEG", quality=QUALITY
        )
    return buffer.getvalue()


def hashing_seconds(photos: Sequence[bytes]) -> float:
    """Mean CPU time of decoding and hashing one of the photos, in this process.

    Memory is kept from photo to photo, as a decoder process of the service keeps it: to get it anew
    for each takes as long as to hash one.
    """
    for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        ctypes.CDLL(None).mallopt(parameter, PLENTY)
    for photo in photos[:3]:
        query_image(photo)
    start = time.process_time()
    for photo in photos:
        query_image(photo)
    return (time.process_time() - start) / len(photos)
