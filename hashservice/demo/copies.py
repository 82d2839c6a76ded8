"""The copies that the demonstration submits, and what each must answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from matching.pictures import as_bytes, render_picture

KNOWN_RENDERED, UNKNOWN_RENDERED = 10, 2
FIRST_FILLER = 1_000  # of pictures beside and behind the known ones
LEFT_OUT = 6  # every sixth photo of a folder is not registered and must not match


@dataclass(frozen=True, slots=True)
class Alteration:
    """A way to change a picture, and the match type that it must still give.

    `enhance`: whether parts are asked for. `least`: for how large a share of the pictures; a part
    of a smooth picture can be too little to tell it by.
    """

    name: str
    match_type: str | None
    apply: Callable[[bytes], bytes]
    enhance: bool = False
    least: float = 1.0


@dataclass(frozen=True, slots=True)
class Pictures:
    known: list[bytes]
    unknown: list[bytes]


def rendered_pictures() -> Pictures:
    """Pictures that this program paints itself."""
    count = KNOWN_RENDERED + UNKNOWN_RENDERED
    pictures = [as_bytes(render_picture(seed), "JPEG", quality=90) for seed in range(count)]
    return Pictures(pictures[:KNOWN_RENDERED], pictures[KNOWN_RENDERED:])


def pictures_in(folder: Path) -> Pictures:
    """The files of a folder, five of six to be registered."""
    files = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    known = [data for number, data in enumerate(files, 1) if number % LEFT_OUT]
    return Pictures(known, files[LEFT_OUT - 1 :: LEFT_OUT])


def _altered(
    change: Callable[[Image.Image], Image.Image], quality: int = 90
) -> Callable[[bytes], bytes]:
    def apply(data: bytes) -> bytes:
        with Image.open(io.BytesIO(data)) as picture:
            return as_bytes(change(picture.convert("RGB")), "JPEG", quality=quality)

    return apply


def _half(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def _gray(picture: Image.Image) -> Image.Image:
    return picture.convert("L")


def _turned(turn: Image.Transpose) -> Callable[[bytes], bytes]:
    return _altered(lambda picture: picture.transpose(turn))


def _half_cut_out(picture: Image.Image) -> Image.Image:
    width, height = (round(side * 0.71) for side in picture.size)
    return picture.crop((10, 10, 10 + width, 10 + height))


def _rotated(picture: Image.Image) -> Image.Image:
    return picture.rotate(17, Image.Resampling.BICUBIC, expand=True, fillcolor=(30, 60, 160))


def _captioned(picture: Image.Image) -> Image.Image:
    band = picture.height // 4
    canvas = ImageOps.expand(picture, (0, band, 0, 0), fill=(255, 255, 255))
    font = ImageFont.load_default(size=band // 2)
    ImageDraw.Draw(canvas).text((band // 3, band // 5), "so true", fill=(0, 0, 0), font=font)
    return canvas


def _framed(picture: Image.Image) -> Image.Image:
    wide, narrow = picture.width // 4, picture.width // 12
    return ImageOps.expand(picture, (narrow, wide, wide, narrow), fill=(220, 190, 140))


def _in_a_collage(picture: Image.Image) -> Image.Image:
    width, height = (round(side * 0.6) for side in picture.size)
    canvas = Image.new("RGB", (2 * width, 2 * height))
    for number, tile in enumerate([*_fillers(3), picture]):
        canvas.paste(tile.resize((width, height)), (number % 2 * width, number // 2 * height))
    return canvas


def _inside_another(picture: Image.Image) -> Image.Image:
    [ground] = _fillers(1)
    canvas = ground.resize((2 * picture.width, 2 * picture.height))
    canvas.paste(picture, (picture.width // 2, picture.height // 3))
    return canvas


def _fillers(count: int) -> list[Image.Image]:
    return [render_picture(FIRST_FILLER + number) for number in range(count)]


ALTERATIONS = (
    Alteration("exact copy", "exact", lambda data: data),
    Alteration("recompressed, quality 50", "near", _altered(lambda p: p, quality=50)),
    Alteration("half size", "near", _altered(_half)),
    Alteration("gray", "near", _altered(_gray)),
    Alteration("mirrored", "near", _turned(Image.Transpose.FLIP_LEFT_RIGHT)),
    Alteration("rotated by 90°", "near", _turned(Image.Transpose.ROTATE_90)),
    Alteration("rotated by 180°", "near", _turned(Image.Transpose.ROTATE_180)),
    Alteration("rotated by 270°", "near", _turned(Image.Transpose.ROTATE_270)),
)
PARTS = tuple(
    Alteration(f"{name}, enhance", "partial", _altered(change), enhance=True, least=0.9)
    for name, change in (
        ("half cut out", _half_cut_out),
        ("rotated by 17°", _rotated),
        ("captioned", _captioned),
        ("framed unevenly", _framed),
        ("in a collage of four", _in_a_collage),
        ("inside another picture", _inside_another),
    )
)
UNKNOWN = Alteration("unknown picture", None, lambda data: data)
UNKNOWN_PARTS = Alteration("unknown picture, enhance", None, lambda data: data, enhance=True)


def submissions(pictures: Pictures) -> Iterator[tuple[Alteration, bytes]]:
    """Every altered copy of every known picture, then the unknown ones."""
    for alteration in (*ALTERATIONS, *PARTS):
        for data in pictures.known:
            yield alteration, alteration.apply(data)
    for alteration in (UNKNOWN, UNKNOWN_PARTS):
        for data in pictures.unknown:
            yield alteration, data
