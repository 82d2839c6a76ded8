"""What one image yields, and which altered copies still find it."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from matching.hashing import PDQ_RADIUS, digests, hash_image, query_image
from tests.hostile import sound_files
from tests.matching.hashing.oracle import distance, nearest, reference_hash
from tests.pictures import as_bytes, render_picture

Copy = Callable[[Image.Image], Image.Image]

COPIES: dict[str, Copy] = {
    "same": lambda image: image,
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "a third": lambda image: image.resize((image.width // 3, image.height // 3)),
    "gray": lambda image: image.convert("L"),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "rotated by 90": lambda image: image.rotate(90, expand=True),
    "rotated by 180": lambda image: image.rotate(180),
    "rotated by 270": lambda image: image.rotate(270, expand=True),
    "bordered": lambda image: ImageOps.expand(image, 40, "black"),
    "bordered and rotated": lambda image: ImageOps.expand(image, 40, "white").rotate(
        90, expand=True
    ),
    "bordered and half size": lambda image: ImageOps.expand(image, 40, "white").reduce(2),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("seed", [70, 71, 72])
def test_altered_copy_is_near(copy: str, seed: int) -> None:
    picture = render_picture(seed, (481, 321))
    known = hash_image(as_bytes(picture, "PNG")).pdq.value
    altered = as_bytes(COPIES[copy](picture), "JPEG", quality=50)
    assert nearest(known, query_image(altered).trusted()) <= PDQ_RADIUS


@pytest.mark.parametrize("seed", [70, 71, 72])
def test_half_size_copy_is_nearer_than_the_plain_hash_could_be(seed: int) -> None:
    picture = render_picture(seed, (321, 481))
    known, _ = reference_hash(picture)
    half = picture.resize((160, 240))
    assert nearest(known, query_image(as_bytes(half, "PNG")).trusted()) <= 14


def test_other_pictures_are_far_in_every_turn() -> None:
    known, _ = reference_hash(render_picture(80))
    for seed in range(81, 91):
        found = query_image(as_bytes(render_picture(seed), "JPEG"))
        assert nearest(known, found.trusted()) > 2 * PDQ_RADIUS


@pytest.mark.parametrize("size", [(500, 375), (1500, 1100), (2100, 2300)])
def test_query_is_within_8_bits_of_the_full_decode(size: tuple[int, int]) -> None:
    picture = render_picture(73, size)
    for data in (as_bytes(picture, "JPEG", quality=80), as_bytes(picture, "PNG")):
        exact = hash_image(data)
        found = query_image(data).frames[0]
        assert distance(exact.pdq.value, found.variants[0].tobytes()) <= 8
        assert found.quality == exact.pdq.quality


def test_registration_reports_the_file() -> None:
    data = sound_files()["animated-gif"]
    found = hash_image(data)
    assert (found.width, found.height, found.format, found.frames) == (96, 72, "GIF", 3)
    assert found.digests == digests(data)
    assert found.trimmed is None


def test_registration_also_yields_the_hash_without_borders() -> None:
    picture = render_picture(74, (400, 300))
    found = hash_image(as_bytes(ImageOps.expand(picture, 30, "black"), "PNG"))
    assert found.trimmed is not None
    assert (found.trimmed.value, found.trimmed.quality) == reference_hash(picture)


def test_frames_are_sampled_evenly_with_the_first_and_the_last() -> None:
    pictures = [render_picture(seed, (64, 64)) for seed in range(100, 140)]
    data = as_bytes(pictures[0], "PNG", save_all=True, append_images=pictures[1:])
    found = query_image(data).trusted()
    hits = [
        number
        for number, picture in enumerate(pictures)
        if nearest(reference_hash(picture)[0], found) <= 2
    ]
    assert hits == np.linspace(0, 39, 16).round().tolist()


def test_trusted_hashes_are_distinct() -> None:
    """A picture that is its own mirror image has four distinct turns, not eight."""
    half = render_picture(75, (200, 300))
    whole = Image.new("RGB", (400, 300))
    whole.paste(half, (0, 0))
    whole.paste(ImageOps.mirror(half), (200, 0))
    assert query_image(as_bytes(whole, "PNG")).trusted().shape == (4, 32)


def test_hidden_second_picture_of_a_jpeg_is_not_what_viewers_show() -> None:
    shown, hidden = render_picture(76, (200, 150)), render_picture(77, (200, 150))
    data = as_bytes(shown, "MPO", save_all=True, append_images=[hidden])
    found = hash_image(data)
    assert (found.format, found.frames) == ("JPEG", 1)
    assert nearest(reference_hash(shown)[0], query_image(data).trusted()) <= 8
