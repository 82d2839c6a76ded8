"""Find what surrounds the real picture: plain borders, letterbox bars, captioned bands.

A border of 10 % moves nearly every PDQ hash out of reach, so submitted pictures are hashed a second
time without it. A side's border is every line up to the last plain one that is reached through
lines which still show mostly the border's colour: that walks over the text of a caption, and ends
where the picture begins.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOLERANCE: Final = 14
"""Levels of luma, of 255, that JPEG noise moves a plain border."""

PLAIN_SHARE: Final = 0.97
"""Share of border-coloured pixels in a plain line."""

TEXT_SHARE: Final = 0.35
"""Share of border-coloured pixels in a line that may be part of a caption."""

COARSE_SIDE: Final = 256
"""Borders are looked for on every n-th pixel of larger pictures, with this many left."""

MIN_KEPT: Final = 0.2
"""A rest smaller than this share of a side is no picture but an emblem on a ground."""


class Box(NamedTuple):
    """Rows top..bottom and columns left..right, ends excluded, in pixels."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Rows inside."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns inside."""
        return self.right - self.left

    def crop(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pixels inside the box."""
        return pixels[self.top : self.bottom, self.left : self.right]


def find_border(pixels: NDArray[np.uint8]) -> Box | None:
    """The box inside the borders of luma (h, w) or RGB (h, w, 3) pixels; None without borders."""
    step = max(1, max(pixels.shape[:2]) // COARSE_SIDE)
    levels = luma(pixels[::step, ::step])
    height, width = levels.shape
    top, bottom = _trimmed(levels, 0, height)
    left, right = _trimmed(levels[top:bottom].T, 0, width)
    if (top, bottom, left, right) == (0, height, 0, width):
        return None
    if bottom - top < MIN_KEPT * height or right - left < MIN_KEPT * width:
        return None
    return _scaled(Box(top, bottom, left, right), step, pixels.shape)


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Levels 0..255 (h, w) of luma or RGB pixels, good enough for finding edges."""
    if pixels.ndim == 2:
        return pixels.astype(np.int16)
    weighted = pixels[..., 0] * np.uint16(77)
    weighted += pixels[..., 1] * np.uint16(150)
    weighted += pixels[..., 2] * np.uint16(29)
    return (weighted >> 8).astype(np.int16)


def _trimmed(lines: NDArray[np.int16], first: int, last: int) -> tuple[int, int]:
    """Move `first` and `last` (excluded) inwards over the borders of lines[first:last]."""
    first += _border_lines(lines[first:last])
    last -= _border_lines(lines[first:last][::-1])
    return first, last


def _border_lines(lines: NDArray[np.int16]) -> int:
    """How many lines from the first on are border."""
    if not lines.size:
        return 0
    color = np.sort(lines[0])[lines.shape[1] // 2]
    if _share(lines[:1], color)[0] < PLAIN_SHARE:
        return 0
    share = _share(lines, color)
    ends = np.flatnonzero(share < TEXT_SHARE)
    border = share[: ends[0]] if len(ends) else share
    return int(np.flatnonzero(border >= PLAIN_SHARE)[-1]) + 1


def _share(lines: NDArray[np.int16], color: np.int16) -> NDArray[np.float64]:
    """Share of each line's pixels that have the colour, 0..1."""
    alike = np.abs(lines - color) <= TOLERANCE
    share: NDArray[np.float64] = np.count_nonzero(alike, axis=1) / lines.shape[1]
    return share


def _scaled(box: Box, step: int, shape: tuple[int, ...]) -> Box:
    """Undo the coarse look; a side without border keeps its last pixels."""
    bottom, right = min(shape[0], box.bottom * step), min(shape[1], box.right * step)
    return Box(box.top * step, bottom, box.left * step, right)
