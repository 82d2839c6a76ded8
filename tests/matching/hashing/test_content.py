"""Pictures of one thing on a plain ground are known again by that thing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from matching.hashing import MIN_QUALITY, hash_image, query_image
from matching.hashing.content import find_content
from tests.pictures import as_bytes, render_picture

RADIUS = 31


def bird_in_the_sky() -> Image.Image:
    """A small dark picture on a smooth sky that is a little darker towards its edges."""
    y, x = np.mgrid[0:480, 0:640]
    sky = 190 - 60 * (((x - 320) / 640) ** 2 + ((y - 240) / 480) ** 2)
    picture = Image.fromarray(np.repeat(sky[..., None], 3, axis=2).astype(np.uint8))
    bird = render_picture(3, (90, 70)).convert("L").point(lambda level: level // 4)
    picture.paste(bird.convert("RGB"), (260, 200))
    return picture


def distance(known: bytes, submitted: bytes) -> int:
    trimmed = hash_image(known).trimmed
    assert trimmed is not None
    bits = np.frombuffer(trimmed.value, np.uint8) ^ query_image(submitted).trusted()
    return int(np.bitwise_count(bits).sum(axis=1).min())


def test_the_whole_picture_is_too_plain_but_the_thing_in_it_is_not():
    image = hash_image(as_bytes(bird_in_the_sky(), "PNG"))

    assert image.pdq.quality < MIN_QUALITY
    assert image.trimmed is not None
    assert image.trimmed.quality >= MIN_QUALITY


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: as_bytes(picture, "JPEG", quality=50),
        lambda picture: as_bytes(picture.resize((320, 240)), "JPEG", quality=90),
        lambda picture: as_bytes(picture.convert("L"), "JPEG", quality=90),
        lambda picture: as_bytes(picture.transpose(Image.Transpose.ROTATE_90), "PNG"),
        lambda picture: as_bytes(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG"),
    ],
    ids=["recompressed", "half size", "gray", "rotated", "mirrored"],
)
def test_copies_are_known_again_by_the_thing(change):
    picture = bird_in_the_sky()

    assert distance(as_bytes(picture, "PNG"), change(picture)) <= RADIUS


def test_an_even_ground_holds_nothing():
    assert find_content(np.full((300, 400, 3), 128, np.uint8)) is None


def test_a_full_picture_has_no_ground():
    box = find_content(np.asarray(render_picture(1)))

    assert box is None or (box.height > 400 and box.width > 560)
