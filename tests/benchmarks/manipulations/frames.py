"""Manipulations that put something beside, over or around a picture."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.benchmarks.manipulations.parts import (
    BICUBIC,
    Picture,
    ground_color,
    wide,
)

CAPTIONS = ("when the monday meeting", "NOBODY EXPECTS THIS", "me explaining my day", "so true")


def border(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    width = round(share * max(picture.size))
    return ImageOps.expand(picture, width, fill=ground_color(rng))


def uneven_border(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    """Another width on every side."""
    widths = (share * max(picture.size) * rng.random(4)).round().astype(int).tolist()
    return ImageOps.expand(picture, tuple(widths), fill=ground_color(rng))


def letterbox(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    height = round(share * picture.height)
    return ImageOps.expand(picture, (0, height, 0, height), fill=(0, 0, 0))


def caption(
    picture: Picture, rng: np.random.Generator, *, share: float, text: str | None = None
) -> Picture:
    """A white band with a line of text above the picture."""
    band = round(share * picture.height)
    canvas = ImageOps.expand(picture, (0, band, 0, 0), fill=(255, 255, 255))
    font = ImageFont.load_default(size=max(10, band * 0.45))
    words = text or str(rng.choice(CAPTIONS))
    ImageDraw.Draw(canvas).text((band // 4, band // 5), words, fill=(0, 0, 0), font=font)
    return canvas


def text_over(picture: Picture, rng: np.random.Generator, *, text: str | None = None) -> Picture:
    """An outlined line of large text at the top and one at the bottom."""
    canvas = picture.copy()
    pen = ImageDraw.Draw(canvas)
    size = picture.height / 8
    font = ImageFont.load_default(size=size)
    for share in (0.03, 0.82):
        words = text or str(rng.choice(CAPTIONS)).upper()
        place = (picture.width * 0.04, picture.height * share)
        pen.text(place, words, (255, 255, 255), font, stroke_width=3, stroke_fill=(0, 0, 0))
    return canvas


def watermark(picture: Picture, rng: np.random.Generator) -> Picture:
    """Half-transparent words all over."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    font = ImageFont.load_default(size=picture.height / 12)
    pen = ImageDraw.Draw(layer)
    for y in range(0, picture.height, picture.height // 5):
        for x in range(-40, picture.width, picture.width // 3):
            pen.text((x + y // 4, y), "SAMPLE.COM", (255, 255, 255, 110), font)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def emoji(picture: Picture, rng: np.random.Generator) -> Picture:
    """Three opaque discs over a tenth of the picture."""
    canvas = picture.copy()
    pen = ImageDraw.Draw(canvas)
    radius = math.sqrt(0.1 * picture.width * picture.height / 3 / math.pi)
    for _ in range(3):
        x, y = rng.random(2) * picture.size
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 204, 60))
    return canvas


def inside(
    picture: Picture,
    rng: np.random.Generator,
    *,
    share: float,
    ground: Picture,
    width: int | None = None,
) -> Picture:
    """The picture, `share` of the ground's width wide, somewhere on another picture."""
    base = wide(ground, width or picture.width)
    small = wide(picture, round(share * base.width))
    canvas = base.crop((0, 0, base.width, max(base.height, small.height)))
    left = int(rng.integers(0, canvas.width - small.width + 1))
    top = int(rng.integers(0, canvas.height - small.height + 1))
    canvas.paste(small, (left, top))
    return canvas


def collage(
    picture: Picture, rng: np.random.Generator, *, others: tuple[Picture, ...], place: int = -1
) -> Picture:
    """Four pictures in a grid, on the canvas of one."""
    width, height = picture.size
    canvas = Image.new("RGB", picture.size, (255, 255, 255))
    where = int(rng.integers(4)) if place < 0 else place
    tiles = [*others[:where], picture, *others[where:3]]
    for number, tile in enumerate(tiles):
        fitted = ImageOps.fit(tile, (width // 2 - 2, height // 2 - 2), BICUBIC)
        canvas.paste(fitted, (number % 2 * (width // 2 + 1), number // 2 * (height // 2 + 1)))
    return canvas
