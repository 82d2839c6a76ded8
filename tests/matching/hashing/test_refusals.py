"""Files that cannot be hashed are refused with the right word, early, and for their content."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from matching.hashing import (
    DEFAULT_LIMITS,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    UnsupportedMediaType,
    hash_image,
    query_image,
)
from tests.hostile import not_images, one_color_png, sound_files
from tests.pictures import as_bytes, render_picture

# Pillow warns of what we refuse, and pytest would turn the warning into another error.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

OTHER_FILES = {name: data for name, data in not_images() if not name.startswith("signature-of-")}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_what_is_no_accepted_image_is_unsupported(name: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        query_image(OTHER_FILES[name])


@pytest.mark.parametrize(
    "name", sorted(sound_files().keys() - {"mpo"})
)  # half of it is a whole JPEG
def test_truncated_files_are_undecodable(name: str) -> None:
    data = sound_files()[name]
    for length in (16, len(data) // 2):
        with pytest.raises(ImageUndecodable):
            query_image(data[:length])


def test_jpeg_that_lacks_only_its_last_rows_is_undecodable() -> None:
    data = as_bytes(render_picture(50), "JPEG")
    with pytest.raises(ImageUndecodable):
        hash_image(data[: len(data) * 9 // 10])


def test_file_of_too_many_bytes_is_too_large() -> None:
    data = sound_files()["jpeg"]
    query_image(data, limits=dataclasses.replace(DEFAULT_LIMITS, max_bytes=len(data)))
    with pytest.raises(ImageTooLarge):
        query_image(data, limits=dataclasses.replace(DEFAULT_LIMITS, max_bytes=len(data) - 1))


def test_too_many_pixels_are_refused_from_the_header() -> None:
    bomb = one_color_png(30_000, 30_000)
    tracemalloc.start()
    with pytest.raises(ImageTooLarge):
        query_image(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("size", [(10_000, 5_001), (32_769, 40)])
def test_a_little_too_many_pixels_or_too_long_a_side_is_too_large(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge):
        query_image(one_color_png(*size))


@pytest.mark.parametrize("size", [(31, 400), (400, 31), (1, 1)])
def test_a_side_below_32_pixels_is_too_small(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooSmall):
        query_image(as_bytes(render_picture(51, size), "PNG"))


def test_32_pixels_are_enough() -> None:
    assert len(query_image(as_bytes(render_picture(51, (32, 32)), "PNG")).frames) == 2


def test_animation_that_takes_too_long_to_walk_through_is_too_large() -> None:
    limits = dataclasses.replace(DEFAULT_LIMITS, max_total_pixels=3 * 96 * 72 - 1)
    with pytest.raises(ImageTooLarge):
        query_image(sound_files()["animated-gif"], limits=limits)
    query_image(sound_files()["gif"], limits=limits)


def test_page_of_too_many_pixels_is_refused_although_the_first_is_small() -> None:
    pages = as_bytes(
        render_picture(52, (64, 64)),
        "TIFF",
        save_all=True,
        append_images=[Image.new("1", (10_000, 5_001))],
        compression="tiff_deflate",
    )
    with pytest.raises(ImageTooLarge):
        query_image(pages)


def test_flat_picture_is_hashed_but_trusted_in_nothing() -> None:
    found = query_image(as_bytes(Image.new("RGB", (200, 200), "gray"), "PNG"))
    assert found.quality == 0
    assert found.trusted().shape == (0, 32)


def test_noise_in_not_a_number_does_not_disturb() -> None:
    samples = np.asarray(render_picture(53).convert("L")).astype(np.float32)
    samples[0, :5] = (np.nan, np.inf, -np.inf, 0, 0)
    found = hash_image(as_bytes(Image.fromarray(samples), "TIFF"))
    assert found.pdq.quality == 100
