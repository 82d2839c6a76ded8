"""What a decoder process hands over of one submitted picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matching.hashing.local.arrays import Bytes, Floats

MAX_KEYPOINTS: Final = 800
MAX_SIDE: Final = 640
"""A submitted picture's longest side is brought below: beyond it only time is lost."""


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """n <= 800 keypoints of a picture, and its luma.

    `geometry` float32 (n, 4): x, y, size in pixels, angle in degrees. `codes` and `mirrored`
    uint8 (n, 32), as the picture is and as its mirror image. `gray` uint8 (h, w), at most 640
    pixels a side. Hold it in memory only, for as long as the search takes.
    """

    geometry: Floats
    codes: Bytes
    mirrored: Bytes
    gray: Bytes
