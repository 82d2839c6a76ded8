"""The copies that the demonstration submits, and what each must answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from hashservice.demo.pictures import as_bytes, render_picture

KNOWN_RENDERED, UNKNOWN_RENDERED = 10, 2
LEFT_OUT = 6  # every sixth photo of a folder is not registered and must not match


@dataclass(frozen=True, slots=True)
class Alteration:
    """A way to change a picture, and the match type that it must still give."""

    name: str
    match_type: str | None
    apply: Callable[[bytes], bytes]


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
UNKNOWN = Alteration("unknown picture", None, lambda data: data)


def submissions(pictures: Pictures) -> Iterator[tuple[Alteration, bytes]]:
    """Every altered copy of every known picture, then the unknown ones."""
    for alteration in ALTERATIONS:
        for data in pictures.known:
            yield alteration, alteration.apply(data)
    for data in pictures.unknown:
        yield UNKNOWN, data
