"""How much one image may cost, checked from its header before a pixel is decoded."""

import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image

from matching.hashing.decode.errors import ImageTooLarge, ImageTooSmall


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Limits for one file. Sides in pixels; `max_frames` is how many frames are sampled."""

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 32
    max_side: int = 32_768
    max_frames: int = 16
    max_total_pixels: int = 500_000_000
    """Pixels of all frames a decoder must walk through to reach the last sampled one."""

    def check_bytes(self, data: bytes) -> None:
        """Raise ImageTooLarge for a file of more than `max_bytes`."""
        if len(data) > self.max_bytes:
            raise ImageTooLarge(f"more than {self.max_bytes} bytes")

    def check_size(self, width: int, height: int) -> None:
        """Raise ImageTooLarge or ImageTooSmall for a frame of this size."""
        if max(width, height) > self.max_side or width * height > self.max_pixels:
            raise ImageTooLarge(
                f"more than {self.max_pixels} pixels, or a side above {self.max_side}"
            )
        if min(width, height) < self.min_side:
            raise ImageTooSmall(f"a side is shorter than {self.min_side} pixels")

    def check_walk(self, width: int, height: int, frames: int) -> None:
        """Raise ImageTooLarge when `frames` frames of this size are too much to walk through."""
        if width * height * frames > self.max_total_pixels:
            raise ImageTooLarge(f"an animation of more than {self.max_total_pixels} pixels")


DEFAULT_LIMITS: Final = DecodeLimits()

# Second line of defence, inside Pillow: some plugins check a size before they allocate for it.
Image.MAX_IMAGE_PIXELS = DEFAULT_LIMITS.max_pixels
warnings.simplefilter("error", Image.DecompressionBombWarning)
