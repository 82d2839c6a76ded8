"""What happens to pictures on their way through the web: a seeded suite of manipulations.

Every manipulation takes an RGB picture and a random generator and gives an RGB picture; the
generator decides placement, so that the same seed makes the same copy.
"""

from tests.benchmarks.manipulations.frames import (
    border,
    caption,
    collage,
    emoji,
    inside,
    letterbox,
    text_over,
    uneven_border,
    watermark,
)
from tests.benchmarks.manipulations.geometry import (
    aspect,
    crop,
    crop_centre,
    perspective,
    resize,
    rotate,
    rotate_inner,
    turn,
)
from tests.benchmarks.manipulations.parts import Manipulation, Picture
from tests.benchmarks.manipulations.suite import chain, suite
from tests.benchmarks.manipulations.tones import (
    blur,
    brightness,
    contrast,
    filtered,
    gamma,
    gray,
    jpeg,
    noise,
    palette,
    saturation,
    sharpen,
)

__all__ = [
    "Manipulation",
    "Picture",
    "aspect",
    "blur",
    "border",
    "brightness",
    "caption",
    "chain",
    "collage",
    "contrast",
    "crop",
    "crop_centre",
    "emoji",
    "filtered",
    "gamma",
    "gray",
    "inside",
    "jpeg",
    "letterbox",
    "noise",
    "palette",
    "perspective",
    "resize",
    "rotate",
    "rotate_inner",
    "saturation",
    "sharpen",
    "suite",
    "text_over",
    "turn",
    "uneven_border",
    "watermark",
]
