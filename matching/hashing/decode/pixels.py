"""From a decoded Pillow image of any mode to the 8-bit pixels that are hashed.

One rule for each oddity:

- 1-bit and palette images are expanded to the colours they show.
- 16-bit samples keep their high byte; 32-bit integers and floats, which have no agreed white, are
  stretched between their own extremes (PDQ does not see gain or offset).
- CMYK goes through its profile, else through Pillow's plain formula; YCbCr and L*a*b* to sRGB.
- Colour profiles: see `profiles`. If one is applied, the stored values are hashed as well.
- Transparency: the picture is hashed on white (the registered view), on black, and with
  transparency ignored, because a picture may be made to show on one ground only.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matching.hashing.decode.profiles import lab_to_srgb, to_srgb

WHITE: Final = 255
BLACK: Final = 0
GRAY_MODES: Final = frozenset({"1", "L"})
PROFILED_MODES: Final = frozenset({"L", "RGB", "CMYK"})


def views(image: Image.Image, *, luma: bool) -> Iterator[Image.Image]:
    """What a viewer may show of a loaded image, in mode L or RGB; with `luma` always in L.

    The first is the one a list registers; the others exist only where viewers differ.
    """
    image = _eight_bit(image)
    if not image.has_transparency_data:
        yield from _colors(image, luma=luma)
        return
    layered = image if image.mode == "RGBA" else image.convert("RGBA")
    alpha = layered.getchannel("A")
    first, *others = _colors(_without_alpha(layered), luma=luma)
    if alpha.getextrema()[0] == 255:
        yield from (first, *others)
        return
    yield _on_ground(first, alpha, WHITE)
    yield _on_ground(first, alpha, BLACK)
    yield first
    yield from (_on_ground(other, alpha, WHITE) for other in others)


def _colors(image: Image.Image, *, luma: bool) -> list[Image.Image]:
    """The opaque image as shown; and as stored, if a profile makes a difference."""
    if image.mode == "P":
        image = image.convert("RGB")
    shown = to_srgb(image) if image.mode in PROFILED_MODES else None
    both = [_plain(image)] if shown is None else [shown, _plain(image)]
    return [_in_mode("L", color) for color in both] if luma else both


def _plain(image: Image.Image) -> Image.Image:
    """The opaque image in L or RGB, without regard to its profile."""
    if image.mode in GRAY_MODES:
        return _in_mode("L", image)
    if image.mode == "LAB":
        return lab_to_srgb(image)
    return _in_mode("RGB", image)


def _in_mode(mode: str, image: Image.Image) -> Image.Image:
    """The image in a mode; itself if it is in it, where Pillow would make a copy."""
    return image if image.mode == mode else image.convert(mode)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Reduce 16- and 32-bit gray to 8 bits; other modes have 8 already."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in {"I", "F"}:
        return Image.fromarray(_stretched(np.asarray(image, dtype=np.float64)))
    return image


def _stretched(samples: NDArray[np.float64]) -> NDArray[np.uint8]:
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    gain = 255 / (high - low) if high > low else 0.0
    return ((finite - low) * gain).astype(np.uint8)


def _without_alpha(layered: Image.Image) -> Image.Image:
    """The colours of an RGBA image as they are under its transparency."""
    opaque = layered.convert("RGB")
    opaque.info = dict(layered.info)
    opaque.info.pop("transparency", None)
    return opaque


def _on_ground(colors: Image.Image, alpha: Image.Image, level: int) -> Image.Image:
    """The image, L or RGB, composited on a gray of `level`."""
    ground = Image.new(colors.mode, colors.size, level if colors.mode == "L" else (level,) * 3)
    return Image.composite(colors, ground, alpha)
