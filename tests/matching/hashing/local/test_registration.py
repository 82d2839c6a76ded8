"""From pictures to signatures and queries."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from matching.hashing import UnsupportedMediaType
from matching.hashing.local import LocalSignature
from matching.hashing.local.projection import distances
from matching.hashing.local.sampling_kernel import sample_square
from tests.local import query_local, register_local
from tests.matching.hashing.local.golden import GOLDEN
from tests.pictures import as_bytes, render_picture


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.asarray(render_picture(5, (480, 360)))


def test_file_and_its_pixels_give_the_same_signature(pixels: np.ndarray) -> None:
    from_pixels = register_local(pixels)
    from_file = register_local(as_bytes(Image.fromarray(pixels), "PNG"))
    assert from_pixels is not None
    assert from_file is not None
    assert from_pixels.to_bytes() == from_file.to_bytes()


def test_signature_describes_a_frame_of_512_pixels(pixels: np.ndarray) -> None:
    signature = register_local(pixels)
    assert signature is not None
    assert (signature.width, signature.height) == (512, 384)
    assert 20 <= len(signature.codes) == len(signature.geometry) <= 128


@pytest.mark.parametrize("level", [0, 128, 255])
def test_plain_picture_is_gated(level: int) -> None:
    assert register_local(np.full((300, 400, 3), level, np.uint8)) is None


def test_smooth_gradient_is_gated() -> None:
    ramp = np.linspace(0, 255, 400).astype(np.uint8)
    assert register_local(np.tile(ramp, (300, 1))) is None


def test_text_page_is_gated_or_loses_its_letters() -> None:
    signature = register_local(np.full((40, 400), 255, np.uint8))
    assert signature is None


def test_bytes_that_are_no_image_are_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        register_local(b"not an image, whatever its name says")


def fenced(scene: Image.Image) -> np.ndarray:
    """`scene` faintly in the middle of a fence whose crossings are all strong and all alike."""
    fence = Image.new("L", (700, 700))
    draw = ImageDraw.Draw(fence)
    for place in range(0, 700, 28):
        draw.line((place, 0, place, 699), 255, 2)
        draw.line((0, place, 699, place), 255, 2)
    picture = fence.rotate(23, Image.Resampling.BICUBIC).crop((94, 94, 606, 606))
    picture.paste(Image.blend(scene.convert("L"), Image.new("L", scene.size, 110), 0.5), (156, 156))
    return np.asarray(picture)


def test_pattern_that_repeats_does_not_crowd_out_what_is_unlike_it() -> None:
    rng = np.random.default_rng(0)
    scene = Image.fromarray(rng.integers(0, 256, (40, 40), np.uint8)).resize((200, 200))
    signature = register_local(fenced(scene))
    assert signature is not None
    in_scene = (abs(signature.geometry[:, :2] - 128.0) < 50).all(axis=1)
    assert in_scene.sum() >= 32


def test_query_has_at_most_800_keypoints(pixels: np.ndarray) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 600), dtype=np.uint8)
    for picture in (pixels, noise):
        query = query_local(picture)
        assert len(query.codes) == len(query.mirrored) == len(query.geometry) <= 800


def test_query_of_a_plain_picture_is_empty() -> None:
    assert len(query_local(np.zeros((100, 100), np.uint8)).codes) == 0


@pytest.mark.parametrize(("side", "expected"), [(100, 400), (500, 500), (2000, 640)])
def test_query_is_brought_to_a_bounded_size(side: int, expected: int) -> None:
    picture = np.asarray(render_picture(6, (side, side // 2)))
    assert max(query_local(picture).pyramid[0].shape) == expected


def test_windows_of_the_untouched_picture_are_the_stored_ones(pixels: np.ndarray) -> None:
    signature, query = register_local(pixels), query_local(pixels)
    assert signature is not None
    scale = 480 / 512
    affine = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
    aligned = query.aligned_windows(affine, signature.width, signature.height)
    assert aligned.visible.all()
    apart = np.bitwise_count(aligned.hashes ^ signature.windows).sum(axis=1)
    assert apart[signature.informative].max() <= 8


def test_windows_outside_the_query_are_not_visible(pixels: np.ndarray) -> None:
    right_half = np.array([[1.0, 0, -256], [0, 1, 0]])
    aligned = query_local(pixels).aligned_windows(right_half, 512, 384)
    assert not aligned.visible[:9].all()
    assert aligned.visible.any()


def test_windows_that_the_edge_cuts_are_told_from_whole_ones(pixels: np.ndarray) -> None:
    """Small windows are 100 pixels wide here; of the first of a row the query lacks 16."""
    begins_later = np.array([[1.0, 0, -16], [0, 1, 0]])
    query = query_local(np.ascontiguousarray(pixels[:, :400]))
    whole = query.aligned_windows(np.eye(2, 3), 400, pixels.shape[0])
    aligned = query.aligned_windows(begins_later, 400, pixels.shape[0])
    columns = np.tile(np.arange(7), 7)
    assert whole.visible.all()
    assert not whole.cut.any()
    assert (aligned.cut[9:] == (columns == 0)).all()
    assert (aligned.visible[9:] == (columns > 0)).all()


def test_busy_corner_does_not_take_all_keypoints() -> None:
    rng = np.random.default_rng(2)
    picture = (128 + 12 * rng.standard_normal((600, 600))).clip(0, 255)
    picture[:200, :200] = rng.integers(0, 256, (200, 200))
    places = query_local(picture.astype(np.uint8)).geometry
    elsewhere = (places[:, :2] > 210).any(axis=1)
    assert len(places) == 800
    assert elsewhere.mean() > 0.5


def test_squares_are_read_as_opencv_reads_them(pixels: np.ndarray) -> None:
    """OpenCV as the oracle of the compiled kernel, which spares web processes OpenCV."""
    gray = np.ascontiguousarray(pixels[:, :, 0])
    place = np.array([[1.2, 0.3, -20.0], [-0.3, 1.2, 100.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(gray, place, (256, 256), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    square = np.empty((128, 128), np.float32)

    sample_square(gray, place, square)

    expected = cv2.resize(fine, (128, 128), interpolation=cv2.INTER_AREA).astype(np.float32)
    assert np.abs(square - expected).max() < 4
    assert np.abs(square - expected).mean() < 0.5


def test_signature_agrees_with_the_golden_one() -> None:
    """Not bit for bit: the detector adds in another order on another processor."""
    golden = LocalSignature.from_bytes(GOLDEN.read_bytes())
    signature = register_local(np.asarray(render_picture(5, (480, 360))))

    assert signature is not None
    nearest = distances(golden.codes, signature.codes).min(axis=1)
    apart = np.bitwise_count(golden.windows ^ signature.windows).sum(axis=1)
    assert (nearest <= 8).mean() > 0.9
    assert apart.max() <= 4
