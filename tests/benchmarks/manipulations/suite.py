"""All manipulations by name. Groups are by what a matcher has to survive."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from PIL import Image

from tests.benchmarks.manipulations.frames import (
    border,
    caption,
    collage,
    emoji,
    inside,
    letterbox,
    text_over,
    uneven_border,
    watermark,
)
from tests.benchmarks.manipulations.geometry import (
    aspect,
    crop,
    crop_centre,
    perspective,
    resize,
    rotate,
    rotate_inner,
    turn,
)
from tests.benchmarks.manipulations.parts import (
    Manipulation,
    Picture,
)
from tests.benchmarks.manipulations.tones import (
    blur,
    brightness,
    contrast,
    filtered,
    gamma,
    gray,
    jpeg,
    noise,
    palette,
    saturation,
    sharpen,
)


def chain(
    picture: Picture, rng: np.random.Generator, *, steps: tuple[Manipulation, ...]
) -> Picture:
    for step in steps:
        picture = step(picture, rng)
    return picture


def suite(fillers: tuple[Picture, ...]) -> Mapping[str, Manipulation]:
    """All manipulations by name; `fillers` are four unrelated pictures for collages."""
    return {**_recoded(), **_cropped(), **_turned(), **_framed(), **_pasted(fillers), **_mixed()}


def _recoded() -> dict[str, Manipulation]:
    return {
        **{f"jpeg{quality}": partial(jpeg, quality=quality) for quality in (90, 50, 20, 10)},
        **{f"resize{share}": partial(resize, factor=share / 100) for share in (200, 50, 25)},
        **{f"aspect{share}": partial(aspect, factor=share / 100) for share in (75, 60)},
        "blur2": partial(blur, radius=2.0),
        "sharpen": sharpen,
        "noise15": partial(noise, sigma=15),
        "brighter": partial(brightness, factor=1.5),
        "darker": partial(brightness, factor=0.6),
        "contrast": partial(contrast, factor=1.6),
        "gamma": partial(gamma, power=0.55),
        "gray": gray,
        "saturated": partial(saturation, factor=2.0),
        "palette32": partial(palette, colors=32),
        "filtered": filtered,
    }


def _cropped() -> dict[str, Manipulation]:
    return {
        **{f"crop{share}": partial(crop, area=share / 100) for share in (90, 75, 50, 35, 25)},
        "crop50_centre": partial(crop_centre, area=0.5),
        "crop50_resize60": partial(
            chain, steps=(partial(crop, area=0.5), partial(resize, factor=0.6))
        ),
        "crop35_enlarged": partial(
            chain, steps=(partial(crop, area=0.35), partial(resize, factor=2.0))
        ),
    }


def _turned() -> dict[str, Manipulation]:
    degrees = (2, 5, 10, 20, 30, 45)
    return {
        **{f"rotate{by}": partial(rotate, degrees=by) for by in degrees},
        **{f"rotate{by}_inner": partial(rotate_inner, degrees=by) for by in (2, 5, 10, 30, 45)},
        "turn90": partial(turn, how=Image.Transpose.ROTATE_90),
        "turn180": partial(turn, how=Image.Transpose.ROTATE_180),
        "turn270": partial(turn, how=Image.Transpose.ROTATE_270),
        "mirror": partial(turn, how=Image.Transpose.FLIP_LEFT_RIGHT),
        "mirror_crop60": partial(
            chain,
            steps=(
                partial(turn, how=Image.Transpose.FLIP_LEFT_RIGHT),
                partial(crop, area=0.6),
            ),
        ),
        "perspective6": partial(perspective, share=0.06),
    }


def _framed() -> dict[str, Manipulation]:
    return {
        "border10": partial(border, share=0.1),
        "border25": partial(border, share=0.25),
        "border_uneven": partial(uneven_border, share=0.3),
        "letterbox25": partial(letterbox, share=0.25),
        "caption20": partial(caption, share=0.2),
        "caption40": partial(caption, share=0.4),
        "text_over": text_over,
        "watermark": watermark,
        "emoji": emoji,
    }


def _pasted(fillers: tuple[Picture, ...]) -> dict[str, Manipulation]:
    first, *others = fillers
    return {
        "inside50": partial(inside, share=0.5, ground=first),
        "inside30": partial(inside, share=0.3, ground=first),
        "inside30_1080": partial(inside, share=0.3, ground=first, width=1080),
        "collage4": partial(collage, others=tuple(others)),
    }


def _mixed() -> dict[str, Manipulation]:
    mirrored = partial(turn, how=Image.Transpose.FLIP_LEFT_RIGHT)
    return {
        "crop70_resize70_jpeg40": partial(
            chain,
            steps=(
                partial(crop, area=0.7),
                partial(resize, factor=0.7),
                partial(jpeg, quality=40),
            ),
        ),
        "mirror_rotate7_crop70": partial(
            chain,
            steps=(mirrored, partial(rotate_inner, degrees=7), partial(crop, area=0.7)),
        ),
        "caption_filtered_jpeg30": partial(
            chain, steps=(filtered, partial(caption, share=0.25), partial(jpeg, quality=30))
        ),
        "crop60_text_jpeg40": partial(
            chain, steps=(partial(crop, area=0.6), text_over, partial(jpeg, quality=40))
        ),
    }
