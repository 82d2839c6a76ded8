"""Different photos that share something harmless: the pairs a part matcher gets wrong first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.manipulations import (
    Picture,
    caption,
    collage,
    crop,
    jpeg,
    text_over,
    watermark,
)

PHOTOS = 24
NEIGHBOURS = 3
LINE = "when you see it you cannot unsee it"

Overlay = Callable[[Picture, np.random.Generator], Picture]
Pair = tuple[list[Picture], list[Picture]]


def hard_negatives(
    photos: Sequence[Picture],
) -> Iterator[tuple[str, Pair]]:
    """(name, (references, queries)): query number n is made of the photo of reference n."""
    chosen = list(photos[:PHOTOS])
    overlays: dict[str, Overlay] = {
        "same caption": partial(caption, share=0.2, text=LINE),
        "same text over": partial(text_over, text="TELL ME MORE"),
        "same watermark": watermark,
    }
    for name, overlay in overlays.items():
        covered = under(chosen, overlay)
        yield name, covered
        yield f"{name}, a quarter of it", quartered(covered)
    yield "same collage neighbours", beside(chosen, photos[PHOTOS : PHOTOS + NEIGHBOURS])
    pages = [text_page(number) for number in range(PHOTOS)]
    yield "text pages", (pages, [jpeg(p, np.random.default_rng(0), quality=60) for p in pages])


def under(photos: list[Picture], overlay: Overlay) -> Pair:
    """The photos with the overlay, and again after saving as JPEG."""
    covered = [overlay(photo, np.random.default_rng(n)) for n, photo in enumerate(photos)]
    return covered, [jpeg(picture, np.random.default_rng(0), quality=60) for picture in covered]


def quartered(pair: Pair) -> Pair:
    """The references as they are, and of each query a quarter: some show the overlay alone."""
    references, queries = pair
    parts = [
        crop(picture, np.random.default_rng(n), area=0.25) for n, picture in enumerate(queries)
    ]
    return references, parts


def beside(photos: list[Picture], neighbours: Sequence[Picture]) -> Pair:
    """The photos; and each of them in a collage with the same three others, which are on no list.

    Of collages that are listed whole, each is found by the others: they do show the same.
    """
    together = partial(collage, others=tuple(neighbours))
    return photos, [together(photo, np.random.default_rng(n)) for n, photo in enumerate(photos)]


def text_page(number: int) -> Picture:
    """A page of words in one of some sizes: letters and words recur, the text does not."""
    rng = np.random.default_rng([7, number])
    page = Image.new("RGB", (480, 640), (255, 255, 255))
    font = ImageFont.load_default(size=int(rng.integers(12, 26)))
    words = ["known", "letter", "page", "whose", "matter", "an", "of", "the", "picture", "report"]
    lines = [" ".join(rng.choice(words, 12)) for _ in range(40)]
    ImageDraw.Draw(page).multiline_text((24, 24), "\n".join(lines), fill=(0, 0, 0), font=font)
    return page
