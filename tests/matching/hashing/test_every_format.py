"""A known picture is found however it was saved: format, mode, colour profile, orientation.

The open peer hashes palette indices, inverted CMYK and unturned pixels: a re-save evades it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from matching.hashing import hash_image, query_image
from tests.matching.hashing.colour_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    SRGB,
    matrix_profile,
    stored_in,
)
from tests.matching.hashing.oracle import distance, nearest, reference_hash
from tests.pictures import as_bytes, render_picture

SIZE = (400, 300)
CLOSE = 8

Maker = Callable[[Image.Image], bytes]


def saved(format_: str, mode: str = "RGB", **save: Any) -> Maker:
    """Convert to `mode` and encode as `format_`."""
    return lambda image: as_bytes(image.convert(mode), format_, **save)


def gray_16_bit(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def in_lab(image: Image.Image) -> Image.Image:
    srgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


def in_color_space(primaries: tuple[tuple[float, ...], ...], gamma: float, format_: str) -> Maker:
    profile = matrix_profile(primaries, gamma)
    return lambda image: as_bytes(
        stored_in(image, primaries, gamma), format_, icc_profile=profile, quality=95
    )


def with_opaque_alpha(image: Image.Image, mode: str) -> Image.Image:
    layered = image.convert(mode)
    layered.putalpha(255)
    return layered


def animated(format_: str, **save: Any) -> Maker:
    """The picture among others, in the middle of a short animation."""

    def make(image: Image.Image) -> bytes:
        first, last = (render_picture(seed, SIZE) for seed in (901, 902))
        return as_bytes(first, format_, save_all=True, append_images=[image, last], **save)

    return make


FORMATS: dict[str, Maker] = {
    "jpeg": saved("JPEG", quality=90),
    "progressive jpeg": saved("JPEG", quality=90, progressive=True),
    "gray jpeg": saved("JPEG", "L", quality=90),
    "rgb jpeg": saved("JPEG", quality=90, keep_rgb=True),
    "cmyk jpeg": saved("JPEG", "CMYK", quality=90),
    "cmyk tiff": saved("TIFF", "CMYK"),
    "mpo": lambda image: as_bytes(
        image, "MPO", save_all=True, append_images=[render_picture(9, SIZE)]
    ),
    "png": saved("PNG"),
    "gray png": saved("PNG", "L"),
    "gray-alpha png": lambda image: as_bytes(with_opaque_alpha(image, "LA"), "PNG"),
    "alpha png": lambda image: as_bytes(with_opaque_alpha(image, "RGBA"), "PNG"),
    "palette png": lambda image: as_bytes(image.convert("P"), "PNG"),
    "1-bit png": saved("PNG", "1"),
    "16-bit png": lambda image: as_bytes(gray_16_bit(image), "PNG"),
    "apng": animated("PNG"),
    "gif": lambda image: as_bytes(image.convert("P"), "GIF"),
    "animated gif": animated("GIF"),
    "bmp": saved("BMP"),
    "palette bmp": lambda image: as_bytes(image.convert("P"), "BMP"),
    "webp": saved("WEBP", quality=90),
    "lossless webp": saved("WEBP", lossless=True),
    "alpha webp": lambda image: as_bytes(with_opaque_alpha(image, "RGBA"), "WEBP", quality=90),
    "animated webp": animated("WEBP", quality=90),
    "tiff": saved("TIFF"),
    "lzw tiff": saved("TIFF", compression="tiff_lzw"),
    "jpeg tiff": saved("TIFF", compression="jpeg"),
    "ycbcr tiff": saved("TIFF", "YCbCr"),
    "lab tiff": lambda image: as_bytes(in_lab(image), "TIFF"),
    "16-bit tiff": lambda image: as_bytes(gray_16_bit(image), "TIFF"),
    "32-bit tiff": lambda image: as_bytes(
        Image.fromarray(np.asarray(image.convert("L")).astype(np.int32) * 65793), "TIFF"
    ),
    "float tiff": lambda image: as_bytes(
        Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255), "TIFF"
    ),
    "pages tiff": animated("TIFF"),
    "heic": saved("HEIF", quality=90),
    "avif": saved("AVIF", quality=90, speed=10),
    "display p3 jpeg": in_color_space(DISPLAY_P3, 2.2, "JPEG"),
    "adobe rgb jpeg": in_color_space(ADOBE_RGB, 2.2, "JPEG"),
    "prophoto jpeg": in_color_space(PROPHOTO, 1.8, "JPEG"),
    "prophoto png": in_color_space(PROPHOTO, 1.8, "PNG"),
    "linear light png": in_color_space(SRGB, 1.0, "PNG"),
    "scrambled profile png": in_color_space((SRGB[2], SRGB[0], SRGB[1]), 3.0, "PNG"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_picture_is_found_in_every_format(kind: str) -> None:
    picture = render_picture(30, SIZE)
    known, _ = reference_hash(picture)
    close = 2 * CLOSE if kind == "animated gif" else CLOSE  # its encoder picks 256 colours
    assert nearest(known, query_image(FORMATS[kind](picture)).trusted()) <= close


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if "anim" not in kind])
def test_picture_is_registered_alike_in_every_format(kind: str) -> None:
    picture = render_picture(30, SIZE)
    if kind in {"apng", "pages tiff"}:
        picture = render_picture(901, SIZE)  # the first frame
    known, quality = reference_hash(picture)
    found = hash_image(FORMATS[kind](render_picture(30, SIZE)))
    assert distance(found.pdq.value, known) <= CLOSE
    assert abs(found.pdq.quality - quality) <= 2


def test_palette_images_hash_as_the_colours_they_show() -> None:
    reduced = render_picture(30, SIZE).quantize(64)
    found = hash_image(as_bytes(reduced, "PNG"))
    assert (found.pdq.value, found.pdq.quality) == reference_hash(reduced)


TURNS_THAT_EXIF_UNDOES = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def oriented(picture: Image.Image, orientation: int, format_: str) -> bytes:
    """Pixels stored turned, with the tag that tells a viewer to turn them back."""
    turn = TURNS_THAT_EXIF_UNDOES[orientation]
    stored = picture if turn is None else picture.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return as_bytes(stored, format_, exif=exif.tobytes())


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_exif_orientations_register_one_hash(orientation: int, format_: str) -> None:
    picture = render_picture(31, (401, 299))
    found = hash_image(oriented(picture, orientation, format_))
    assert (found.pdq.value, found.pdq.quality) == reference_hash(picture)


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_exif_orientations_query_upright(orientation: int, format_: str) -> None:
    picture = render_picture(32, (401, 299))
    found = query_image(oriented(picture, orientation, format_))
    assert distance(found.frames[0].variants[0].tobytes(), reference_hash(picture)[0]) <= CLOSE


def test_a_large_turned_jpeg_is_upright_after_the_reduced_decode() -> None:
    picture = render_picture(33, (1501, 1103))
    found = query_image(oriented(picture, 6, "JPEG"))
    assert distance(found.frames[0].variants[0].tobytes(), reference_hash(picture)[0]) <= CLOSE


@pytest.mark.parametrize("tag", [0, 9, 65_535])
def test_nonsense_orientation_is_ignored(tag: int) -> None:
    picture = render_picture(34, SIZE)
    exif = Image.Exif()
    exif[0x0112] = tag
    found = hash_image(as_bytes(picture, "PNG", exif=exif))
    assert found.pdq.value == reference_hash(picture)[0]


def test_embedded_srgb_profile_changes_nothing() -> None:
    picture = render_picture(35, SIZE)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = hash_image(as_bytes(picture, "PNG", icc_profile=profile))
    assert (found.pdq.value, found.pdq.quality) == reference_hash(picture)


def test_broken_profile_is_ignored() -> None:
    picture = render_picture(36, SIZE)
    found = hash_image(as_bytes(picture, "PNG", icc_profile=b"not a profile" * 20))
    assert (found.pdq.value, found.pdq.quality) == reference_hash(picture)


@pytest.mark.parametrize("ground", ["white", "black"])
def test_picture_drawn_by_transparency_alone_is_found_on_its_ground(ground: str) -> None:
    picture = render_picture(37, SIZE).convert("L")
    layered = Image.new("RGBA", SIZE, "black" if ground == "white" else "white")
    layered.putalpha(ImageOps.invert(picture) if ground == "white" else picture)
    known, _ = reference_hash(picture)
    assert nearest(known, query_image(as_bytes(layered, "PNG")).trusted()) <= CLOSE


def test_picture_hidden_under_full_transparency_is_found() -> None:
    picture = render_picture(38, SIZE)
    layered = picture.convert("RGBA")
    layered.putalpha(0)
    known, _ = reference_hash(picture)
    assert nearest(known, query_image(as_bytes(layered, "PNG")).trusted()) <= CLOSE


def test_transparent_pictures_register_as_they_show_on_white() -> None:
    layered = render_picture(39, SIZE)
    layered.putalpha(Image.linear_gradient("L").resize(SIZE))
    on_white = Image.new("RGBA", SIZE, "white")
    on_white.alpha_composite(layered)
    found = hash_image(as_bytes(layered, "PNG"))
    assert distance(found.pdq.value, reference_hash(on_white)[0]) <= 2


def test_first_frame_too_flat_to_register_gives_way_to_a_later_one() -> None:
    picture = render_picture(40, SIZE)
    blank = Image.new("RGB", SIZE, "white")
    data = as_bytes(blank, "PNG", save_all=True, append_images=[picture])
    found = hash_image(data)
    assert found.frames == 2
    assert (found.pdq.value, found.pdq.quality) == reference_hash(picture)
