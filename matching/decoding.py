"""The decoder processes of this process, started at first use."""

from __future__ import annotations

import atexit
import threading
from functools import cache

from django.conf import settings

from matching.hashing import DecodeLimits
from matching.hashing.sandbox import DecoderPool

_starting = threading.Lock()


def decoders() -> DecoderPool:
    """The pool that hashes images for this process, in children with limits of their own."""
    with _starting:
        return _pool()


@cache
def _pool() -> DecoderPool:
    pool = DecoderPool(size=settings.DECODER_PROCESSES, limits=image_limits())
    atexit.register(pool.close)
    return pool


def image_limits() -> DecodeLimits:
    return DecodeLimits(max_bytes=settings.MAX_IMAGE_BYTES, max_pixels=settings.MAX_IMAGE_PIXELS)
