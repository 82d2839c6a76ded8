"""Deterministic photo-like pictures, so that no test needs a picture file.

`render_picture` paints a scene in unit coordinates (haze, objects, grain): the same seed at
another size shows the same scene, every scene has PDQ quality 100, and two seeds look nothing
alike (their PDQ hashes lie about 128 bits apart).
"""

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

OCTAVES = (2, 4, 8, 16, 32)
OBJECTS = 14


def render_picture(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Paint scene number `seed` as an RGB image of `size` = (width, height) pixels."""
    rng = np.random.Generator(np.random.PCG64(seed))
    haze = _noise(rng, size)
    canvas = Image.fromarray((haze * 255).astype(np.uint8))
    for _ in range(OBJECTS):
        _paint_object(canvas, rng)
    return _add_grain(canvas, rng)


def as_bytes(image: Image.Image, format: str, **save: Any) -> bytes:  # noqa: A002
    """Encode `image` as `format` ("JPEG", "PNG", …); `save` goes to Pillow's save."""
    buffer = io.BytesIO()
    image.save(buffer, format, **save)
    return buffer.getvalue()


def _noise(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float64]:
    """Smooth fractal colour noise, (height, width, 3) within 0..1."""
    width, height = size
    total = np.zeros((height, width, 3))
    for octave in OCTAVES:
        grid = (rng.random((octave + 1, octave + 1, 3)) * 255).astype(np.uint8)
        layer = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
        total += np.asarray(layer, dtype=np.float64) / octave**0.7
    low, high = total.min(), total.max()
    scaled: NDArray[np.float64] = (total - low) / (high - low)
    return scaled


def _paint_object(canvas: Image.Image, rng: np.random.Generator) -> None:
    """Paint one many-sided blob with its shadow side."""
    width, height = canvas.size
    center_x, center_y = rng.random(2) * (width, height)
    radius = (0.04 + 0.2 * rng.random()) * math.hypot(width, height) / 2
    corners = int(rng.integers(3, 12))
    spokes = radius * (0.5 + rng.random(corners))
    angles = np.sort(rng.random(corners)) * 2 * math.pi
    color = tuple(int(part) for part in rng.integers(0, 256, 3))
    shade = tuple(part // 2 for part in color)
    outline = list(
        zip(center_x + spokes * np.cos(angles), center_y + spokes * np.sin(angles), strict=True)
    )
    pen = ImageDraw.Draw(canvas)
    pen.polygon([(x + radius / 6, y + radius / 6) for x, y in outline], fill=shade)
    pen.polygon(outline, fill=color)


def _add_grain(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Add the fine noise of a camera sensor, drawn last because it depends on the size."""
    width, height = canvas.size
    grain = rng.integers(-6, 7, (height, width, 1))
    pixels = np.asarray(canvas, dtype=np.int64) + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
