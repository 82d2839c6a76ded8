"""What manipulations are made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

Picture = Image.Image
Manipulation = Callable[[Picture, np.random.Generator], Picture]

BICUBIC = Image.Resampling.BICUBIC


def scaled(picture: Picture, across: float, down: float) -> Picture:
    size = (max(1, round(picture.width * across)), max(1, round(picture.height * down)))
    return picture.resize(size, BICUBIC)


def wide(picture: Picture, width: int) -> Picture:
    return scaled(picture, width / picture.width, width / picture.width)


def ground_color(rng: np.random.Generator) -> tuple[int, int, int]:
    colors = ((0, 0, 0), (255, 255, 255), (128, 128, 128), (30, 60, 160), (220, 190, 140))
    return colors[int(rng.integers(len(colors)))]
