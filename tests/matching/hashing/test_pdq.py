"""PDQ: bit for bit the reference, in all eight turns; close to it when decoded at reduced size."""

import numpy as np
import pytest
from PIL import Image

from matching.hashing.pdq import dihedral_hashes, pdq_hash
from tests.matching.hashing.oracle import distance, reference_hash
from tests.pictures import render_picture

Transpose = Image.Transpose
TURNS = (
    None,
    Transpose.FLIP_LEFT_RIGHT,
    Transpose.ROTATE_180,
    Transpose.FLIP_TOP_BOTTOM,
    Transpose.TRANSPOSE,
    Transpose.ROTATE_270,
    Transpose.TRANSVERSE,
    Transpose.ROTATE_90,
)
SIZES = [(640, 480), (481, 321), (500, 375), (64, 64), (63, 200), (128, 129), (33, 32), (1023, 40)]


def turned(image: Image.Image, turn: Transpose | None) -> Image.Image:
    return image if turn is None else image.transpose(turn)


@pytest.mark.parametrize("size", SIZES)
def test_hash_and_quality_equal_the_reference(size: tuple[int, int]) -> None:
    image = render_picture(sum(size), size)
    found = pdq_hash(np.asarray(image))
    assert (found.value, found.quality) == reference_hash(image)


def test_gray_pixels_hash_like_the_same_gray_in_rgb() -> None:
    gray = render_picture(4).convert("L")
    found = pdq_hash(np.asarray(gray))
    assert (found.value, found.quality) == reference_hash(gray)


def test_low_quality_equals_the_reference() -> None:
    """The quality that decides about a match is small and must not round differently."""
    dim = render_picture(5).convert("L").point([128 + level // 16 for level in range(256)])
    found = pdq_hash(np.asarray(dim))
    assert 0 < found.quality < 50
    assert (found.value, found.quality) == reference_hash(dim)


@pytest.mark.parametrize("row", range(8))
def test_every_variant_is_the_reference_hash_of_the_turned_picture(row: int) -> None:
    image = render_picture(6, (481, 321))
    variants = dihedral_hashes(np.asarray(image)).variants
    assert variants[row].tobytes() == reference_hash(turned(image, TURNS[row]))[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_makes_the_shown_picture_the_upright_one(orientation: int) -> None:
    stored = render_picture(7, (300, 201))
    shown = turned(stored, TURNS[orientation - 1])
    found = dihedral_hashes(np.asarray(stored), orientation=orientation)
    expected = dihedral_hashes(np.asarray(shown))
    assert found.quality == expected.quality
    assert (found.variants == expected.variants).all()


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_hash_of_a_reduced_picture_stays_close_to_the_full_one(scale: int) -> None:
    image = render_picture(8, (1201, 899))
    reduced = np.asarray(image.reduce(scale))
    found = dihedral_hashes(reduced, full_size=(899, 1201), scale=scale)
    for row in range(8):
        full, _ = reference_hash(turned(image, TURNS[row]))
        assert distance(found.variants[row].tobytes(), full) <= 8
    assert found.quality == reference_hash(image)[1]


def test_golden_vector() -> None:
    """Made with `pdqhash.compute` (pdqhash 0.2.8) from `render_picture(0)`."""
    found = pdq_hash(np.asarray(render_picture(0)))
    assert found.quality == 100
    assert found.value.hex() == "5aef3683e4adaa4f1392e407c07e0fd77886a3fc0603dce701ad3f29a9ec0526"
