"""Parts of pictures in decoder processes: the same as in this process, and nothing is believed."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from matching.hashing import DecodeLimits, ImageUndecodable, UnsupportedMediaType
from matching.hashing.local.extraction import extract_frames
from matching.hashing.local.registration import register_local
from matching.hashing.sandbox import LocalDecoderPool
from matching.hashing.sandbox.local_wire import decode_pictures, decode_signature
from matching.hashing.sandbox.wire import WireError
from tests.pictures import as_bytes, render_picture

JPEG = as_bytes(render_picture(5, (480, 360)), "JPEG", quality=90)
HASHED = b"\0"


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalDecoderPool]:
    with LocalDecoderPool(1, DecodeLimits(max_frames=2)) as shared:
        yield shared


def test_child_registers_what_this_process_registers(pool):
    signature = register_local(JPEG)

    assert signature is not None
    assert pool.register_local(JPEG) == signature.to_bytes()


def test_child_extracts_what_this_process_extracts(pool):
    [theirs], [ours] = pool.extract(JPEG), extract_frames(JPEG)

    for name in ("geometry", "codes", "mirrored", "gray"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name))


def test_child_hashes_as_the_others_do(pool):
    assert pool.register(JPEG).width == 480
    assert pool.query(JPEG).quality == 100


def test_smooth_picture_has_no_signature(pool):
    assert pool.register_local(as_bytes(Image.new("RGB", (300, 200), "teal"), "PNG")) is None


def test_picture_without_keypoints_is_extracted_all_the_same(pool):
    [found] = pool.extract(as_bytes(Image.new("RGB", (300, 200), "teal"), "PNG"))

    assert (len(found.codes), found.gray.shape) == (0, (267, 400))


def test_sampled_frames_of_an_animation_are_extracted_each(pool):
    buffer = io.BytesIO()
    frames = [render_picture(seed, (320, 240)) for seed in (1, 2, 3)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])

    assert len(pool.extract(buffer.getvalue())) == 2


def test_bytes_that_are_no_image_are_refused(pool):
    with pytest.raises(UnsupportedMediaType):
        pool.extract(b"not an image")
    with pytest.raises(ImageUndecodable):
        pool.register_local(JPEG[:2000])


def picture(count: int, height: int, width: int, places: bytes, rest: int) -> bytes:
    return HASHED + struct.pack("<HHH", count, height, width) + places + bytes(rest)


PLACE = struct.pack("<4f", 5, 5, 2, 0)


def test_sound_reply_is_read():
    [found] = decode_pictures(picture(1, 2, 3, PLACE, 64 + 6))

    assert found.geometry.tolist() == [[5, 5, 2, 0]]


@pytest.mark.parametrize(
    "reply",
    [
        HASHED,
        HASHED + b"abc",
        picture(1, 2, 3, PLACE, 64 + 5),
        picture(801, 2, 3, PLACE * 801, 64 * 801 + 6),
        picture(0, 0, 3, b"", 0),
        picture(0, 641, 1, b"", 641),
        picture(1, 2, 3, struct.pack("<4f", float("nan"), 5, 2, 0), 64 + 6),
        picture(1, 2, 3, struct.pack("<4f", 1e9, 5, 2, 0), 64 + 6),
        picture(1, 2, 3, struct.pack("<4f", 5, 5, 0, 0), 64 + 6),
    ],
)
def test_reply_of_a_decoder_gone_wrong_is_refused(reply):
    with pytest.raises(WireError):
        decode_pictures(reply)


def test_signature_of_a_decoder_gone_wrong_is_refused():
    with pytest.raises(WireError):
        decode_signature(HASHED + b"HL\x01 but no signature")
