"""The decoder processes of this process, of two kinds, each started at first use."""

from __future__ import annotations

import atexit
import threading
from dataclasses import replace
from functools import cache
from typing import Final

from django.conf import settings

from matching.hashing import DecodeLimits
from matching.hashing.sandbox import DecoderPool, LocalDecoderPool

MOST_PARTIAL_FRAMES: Final = 4
"""Of an animation so many frames are looked at for parts: each costs as much as a picture."""

_starting = threading.Lock()


def decoders() -> DecoderPool:
    """The pool that hashes images for this process, in children with limits of their own."""
    with _starting:
        return _pool()


def partial_decoders() -> LocalDecoderPool:
    """The pool that looks at parts of images, in children that have OpenCV."""
    with _starting:
        return _partial_pool()


@cache
def _pool() -> DecoderPool:
    pool = DecoderPool(size=settings.DECODER_PROCESSES, limits=image_limits())
    atexit.register(pool.close)
    return pool


@cache
def _partial_pool() -> LocalDecoderPool:
    limits = replace(image_limits(), max_frames=MOST_PARTIAL_FRAMES)
    pool = LocalDecoderPool(size=settings.PARTIAL_PROCESSES, limits=limits)
    atexit.register(pool.close)
    return pool


def image_limits() -> DecodeLimits:
    return DecodeLimits(max_bytes=settings.MAX_IMAGE_BYTES, max_pixels=settings.MAX_IMAGE_PIXELS)
