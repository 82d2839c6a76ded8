"""Whole pictures, from pixels to the band: what the partial stage promises."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image

from matching.hashing.local import LocalSignature
from matching.index.local import Band, LocalDelta
from tests.local import query_local, register_local
from tests.pictures import render_picture

SEEDS = (41, 42, 43)
SIZE = (480, 360)

pytestmark = pytest.mark.slow


@cache
def known() -> LocalDelta:
    """Signatures that went through their binary format, as they do in production."""
    delta = LocalDelta()
    for seed in SEEDS:
        signature = register_local(np.asarray(render_picture(seed, SIZE)))
        assert signature is not None
        delta.add([(seed, LocalSignature.from_bytes(signature.to_bytes()))])
    return delta


def found(picture: Image.Image) -> list[tuple[int, Band]]:
    matches = known().search(query_local(np.asarray(picture.convert("RGB"))))
    return [(match.id, match.band) for match in matches]


def on_canvas(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", (900, 700), (90, 120, 60))
    canvas.paste(picture.resize((320, 240)), (500, 380))
    return canvas


MANIPULATIONS: dict[str, Callable[[Image.Image], Any]] = {
    "untouched": lambda picture: picture,
    "half of it": lambda picture: picture.crop((60, 40, 400, 295)),
    "turned by 20 degrees": lambda picture: picture.rotate(20, expand=True),
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "mirrored and cut": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).crop(
        (0, 60, 420, 360)
    ),
    "small on a canvas": on_canvas,
    "stretched": lambda picture: picture.resize((360, 360)),
}


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_manipulated_picture_is_accepted_as_what_it_is(name: str) -> None:
    picture = render_picture(SEEDS[1], SIZE)
    assert found(MANIPULATIONS[name](picture)) == [(SEEDS[1], Band.ACCEPT)]


def test_two_known_pictures_in_one_are_both_found() -> None:
    both = Image.new("RGB", (960, 360))
    both.paste(render_picture(SEEDS[0], SIZE), (0, 0))
    both.paste(render_picture(SEEDS[2], SIZE), (480, 0))
    assert sorted(found(both)) == [(SEEDS[0], Band.ACCEPT), (SEEDS[2], Band.ACCEPT)]


@pytest.mark.parametrize("seed", range(60, 66))
def test_other_picture_is_not_found(seed: int) -> None:
    assert found(render_picture(seed, SIZE)) == []


def test_plain_picture_is_not_found() -> None:
    assert found(Image.new("RGB", SIZE, (200, 30, 30))) == []
