"""Borders are found, whatever their colour, and pictures without are left whole."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from matching.hashing.border import Box, find_border
from tests.pictures import render_picture


def framed(
    picture: Image.Image,
    color: str,
    *,
    left: int = 0,
    top: int = 0,
    right: int = 0,
    bottom: int = 0,
) -> Image.Image:
    width, height = picture.size
    canvas = Image.new("RGB", (left + width + right, top + height + bottom), color)
    canvas.paste(picture, (left, top))
    return canvas


def found_in(image: Image.Image) -> Box | None:
    return find_border(np.asarray(image))


@pytest.mark.parametrize("color", ["black", "white", "red", "gray"])
def test_even_border_is_found_to_the_pixel(color: str) -> None:
    image = framed(render_picture(60, (200, 150)), color, left=20, top=15, right=20, bottom=15)
    assert found_in(image) == Box(15, 165, 20, 220)


def test_border_of_a_gray_picture_is_found_to_the_pixel() -> None:
    image = framed(render_picture(60, (200, 150)), "white", left=20, top=15, right=20, bottom=15)
    assert found_in(image.convert("L")) == Box(15, 165, 20, 220)


def test_letterbox_is_found() -> None:
    image = framed(render_picture(61, (240, 120)), "black", top=30, bottom=40)
    assert found_in(image) == Box(30, 150, 0, 240)


def test_border_on_one_side_is_found() -> None:
    image = framed(render_picture(61, (240, 120)), "black", right=31)
    assert found_in(image) == Box(0, 120, 0, 240)


def test_border_of_a_large_picture_is_found_within_the_coarse_step() -> None:
    image = framed(render_picture(62, (2000, 1500)), "white", left=100, top=70, right=90, bottom=80)
    box = found_in(image)
    assert box is not None
    assert np.abs(np.subtract(box, (70, 1570, 100, 2100))).max() < 2190 // 256


def test_text_in_a_captioned_band_does_not_stop_the_search() -> None:
    image = framed(render_picture(63, (250, 200)), "white", top=60)
    font = ImageFont.load_default(16)
    ImageDraw.Draw(image).text((10, 8), "when the caption is\nas large as this", "black", font)
    assert found_in(image) == Box(60, 260, 0, 250)


def test_picture_without_border_has_none() -> None:
    assert found_in(render_picture(64)) is None


def test_plain_image_has_none() -> None:
    assert found_in(Image.new("RGB", (100, 100), "white")) is None


def test_emblem_on_a_wide_ground_counts_as_no_border() -> None:
    image = framed(render_picture(65, (40, 40)), "white", left=100, top=100, right=100, bottom=100)
    assert found_in(image) is None
