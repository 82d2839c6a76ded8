"""Untrusted bytes to pixels: format allow-list, limits, and one rule for each oddity."""

from matching.hashing.decode.errors import (
    DecodeLimitExceeded,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    UnsupportedMediaType,
)
from matching.hashing.decode.image import Frame, OpenImage, open_image
from matching.hashing.decode.limits import DEFAULT_LIMITS, DecodeLimits

__all__ = [
    "DEFAULT_LIMITS",
    "DecodeLimitExceeded",
    "DecodeLimits",
    "Frame",
    "ImageError",
    "ImageTooLarge",
    "ImageTooSmall",
    "ImageUndecodable",
    "OpenImage",
    "UnsupportedMediaType",
    "open_image",
]
