"""Manipulations of what is seen of a picture, and from where."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from tests.benchmarks.manipulations.parts import (
    BICUBIC,
    Picture,
    ground_color,
    scaled,
)


def resize(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return scaled(picture, factor, factor)


def aspect(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return scaled(picture, factor, 1.0)


def crop(picture: Picture, rng: np.random.Generator, *, area: float) -> Picture:
    """Keep a share of the area, anywhere; the sides' ratio varies by up to 15 %."""
    jitter = float(np.exp(rng.uniform(-0.15, 0.15)))
    width = min(1.0, math.sqrt(area) * jitter)
    height = min(1.0, area / width)
    left, top = rng.random() * (1 - width), rng.random() * (1 - height)
    w, h = picture.size
    return picture.crop(
        (round(left * w), round(top * h), round((left + width) * w), round((top + height) * h))
    )


def crop_centre(picture: Picture, rng: np.random.Generator, *, area: float) -> Picture:
    w, h = picture.size
    cut_w, cut_h = ((1 - math.sqrt(area)) / 2 * side for side in (w, h))
    return picture.crop((round(cut_w), round(cut_h), round(w - cut_w), round(h - cut_h)))


def rotate(picture: Picture, rng: np.random.Generator, *, degrees: float) -> Picture:
    """Turn to a random side on a ground of one colour; the canvas grows."""
    turn = degrees * rng.choice([-1, 1])
    return picture.rotate(turn, BICUBIC, expand=True, fillcolor=ground_color(rng))


def rotate_inner(picture: Picture, rng: np.random.Generator, *, degrees: float) -> Picture:
    """Turn and keep the largest upright part without ground."""
    turned = picture.rotate(degrees * rng.choice([-1, 1]), BICUBIC, expand=True)
    w, h = _inner_size(*picture.size, math.radians(degrees))
    left, top = (turned.width - w) / 2, (turned.height - h) / 2
    return turned.crop((math.ceil(left), math.ceil(top), int(left + w), int(top + h)))


def turn(picture: Picture, rng: np.random.Generator, *, how: Image.Transpose) -> Picture:
    return picture.transpose(how)


def perspective(picture: Picture, rng: np.random.Generator, *, share: float) -> Picture:
    """Move every corner inwards by up to `share` of the sides."""
    w, h = picture.size
    dx, dy = rng.random(4) * share * w, rng.random(4) * share * h
    corners = (
        (dx[0], dy[0]),
        (dx[1], h - dy[1]),
        (w - dx[2], h - dy[2]),
        (w - dx[3], dy[3]),
    )
    quad = [float(part) for corner in corners for part in corner]
    return picture.transform(picture.size, Image.Transform.QUAD, quad, BICUBIC)


def _inner_size(w: float, h: float, turn: float) -> tuple[float, float]:
    """Sides of the largest upright rectangle inside one of w x h turned by `turn`."""
    sine, cosine = math.sin(turn), math.cos(turn)
    short, long = min(w, h), max(w, h)
    if short <= 2 * sine * cosine * long or abs(sine - cosine) < 1e-9:
        half = short / 2
        return (half / sine, half / cosine) if w >= h else (half / cosine, half / sine)
    double = cosine * cosine - sine * sine
    return (w * cosine - h * sine) / double, (h * cosine - w * sine) / double
