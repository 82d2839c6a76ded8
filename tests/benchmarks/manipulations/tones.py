"""Manipulations of colours, sharpness and coding."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from tests.benchmarks.manipulations.parts import (
    Picture,
)


def jpeg(picture: Picture, rng: np.random.Generator, *, quality: int) -> Picture:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def blur(picture: Picture, rng: np.random.Generator, *, radius: float) -> Picture:
    return picture.filter(ImageFilter.GaussianBlur(radius))


def sharpen(picture: Picture, rng: np.random.Generator) -> Picture:
    return picture.filter(ImageFilter.UnsharpMask(2, 180, 2))


def noise(picture: Picture, rng: np.random.Generator, *, sigma: float) -> Picture:
    pixels = np.asarray(picture, np.float32)
    noisy = pixels + rng.normal(0, sigma, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def brightness(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return ImageEnhance.Brightness(picture).enhance(factor)


def contrast(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return ImageEnhance.Contrast(picture).enhance(factor)


def gamma(picture: Picture, rng: np.random.Generator, *, power: float) -> Picture:
    return picture.point([round(255 * (level / 255) ** power) for level in range(256)] * 3)


def gray(picture: Picture, rng: np.random.Generator) -> Picture:
    return picture.convert("L").convert("RGB")


def saturation(picture: Picture, rng: np.random.Generator, *, factor: float) -> Picture:
    return ImageEnhance.Color(picture).enhance(factor)


def palette(picture: Picture, rng: np.random.Generator, *, colors: int) -> Picture:
    return picture.quantize(colors).convert("RGB")


def filtered(picture: Picture, rng: np.random.Generator) -> Picture:
    """What photo apps do: warmer, more contrast, darker corners."""
    warm = ImageEnhance.Contrast(picture).enhance(1.25)
    pixels = np.asarray(warm, np.float32) * [1.08, 1.0, 0.88]
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    pixels *= (1 - 0.35 * np.clip(x**2 + y**2 - 0.4, 0, 1))[:, :, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
