"""Hashes made at the edge are those the service makes."""

from __future__ import annotations

import io
from types import ModuleType

import numpy as np
import pdqhash
import pytest
from PIL import Image

from matching.hashing import hash_image
from matching.hashing.pdq import dihedral_hashes
from tests.pictures import as_bytes, render_picture

PNG = [as_bytes(render_picture(seed), "PNG") for seed in range(3)]


@pytest.mark.parametrize("data", PNG)
def test_pdq_equals_the_reference(hashservice_client: ModuleType, data: bytes) -> None:
    bits, quality = pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    assert hashservice_client.pdq(data) == (np.packbits(bits).tobytes().hex(), quality)


@pytest.mark.parametrize("data", PNG)
def test_all_eight_turns_equal_those_of_the_service(
    hashservice_client: ModuleType, data: bytes
) -> None:
    items = hashservice_client.edge_hashes(data)
    sent = {item["pdq"] for item in items if "pdq" in item}
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert sent == {row.tobytes().hex() for row in dihedral_hashes(pixels).variants}


def test_digests_equal_those_of_the_service(hashservice_client: ModuleType) -> None:
    theirs = hash_image(PNG[0]).digests
    assert hashservice_client.digests(PNG[0]) == {
        "sha256": theirs.sha256.hex(),
        "sha1": theirs.sha1.hex(),
        "md5": theirs.md5.hex(),
    }


def test_every_item_bears_the_content_id(hashservice_client: ModuleType) -> None:
    items = hashservice_client.edge_hashes(PNG[0], content_id="upload-1")
    assert {item["content_id"] for item in items} == {"upload-1"}


def test_all_frames_of_an_animation_are_hashed(hashservice_client: ModuleType) -> None:
    frames = [Image.open(io.BytesIO(data)).convert("RGB") for data in PNG]
    animation = io.BytesIO()
    frames[0].save(animation, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    items = hashservice_client.edge_hashes(animation.getvalue())
    sent = {item["pdq"] for item in items if "pdq" in item}
    assert {hashservice_client.pdq(data)[0] for data in PNG} <= sent


def test_a_turned_photo_is_hashed_as_a_viewer_shows_it(hashservice_client: ModuleType) -> None:
    upright = Image.open(io.BytesIO(PNG[0])).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate clockwise to view
    stored = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(stored, "PNG", exif=exif)
    assert hashservice_client.pdq(stored.getvalue())[0] == hashservice_client.pdq(PNG[0])[0]
