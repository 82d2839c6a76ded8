"""Open untrusted image bytes and yield the frames that are hashed."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import AvifImagePlugin, ExifTags, Image

from matching.hashing.decode.errors import UnsupportedMediaType, decoder_errors
from matching.hashing.decode.formats import ImageFormat, sniff
from matching.hashing.decode.limits import DecodeLimits
from matching.hashing.decode.pixels import views
from matching.hashing.decode.profiles import has_profile_to_apply

REDUCED_SIDE: Final = 512
"""A reduced decode keeps at least this many pixels a side; below, text pages drift past 8 bits."""

WALKED_FORMATS: Final = frozenset({ImageFormat.GIF, ImageFormat.PNG, ImageFormat.WEBP})
"""Animations whose last frame can only be had by decoding all the others."""

# One image, one processor: a service decodes many at a time.
pillow_heif.options.DECODE_THREADS = 1
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pillow_heif.register_heif_opener()


@dataclass(frozen=True, slots=True)
class Frame:
    """Stored pixels of one frame as one kind of viewer shows them.

    `pixels` is luma (h, w) or RGB (h, w, 3), reduced by `scale` from `full_size` = (height, width).
    `orientation` is the EXIF tag, 1..8: pixels are never moved, it selects which of the eight
    hashes is upright. `number` counts the frames of an animation.
    """

    pixels: NDArray[np.uint8]
    full_size: tuple[int, int]
    scale: int
    orientation: int
    number: int


class OpenImage:
    """An image whose header was read and found within the limits. Sides are as stored."""

    def __init__(self, image: Image.Image, format_: ImageFormat, limits: DecodeLimits) -> None:
        """Check the header: raise ImageTooLarge or ImageTooSmall."""
        self._image = image
        self._limits = limits
        self.format = format_
        self.width, self.height = image.size
        limits.check_size(self.width, self.height)
        # A JPEG may carry more pictures (MPO: other eye, depth, gain map); viewers show the first.
        self.frame_count: int = 1 if format_ is ImageFormat.JPEG else getattr(image, "n_frames", 1)

    def frames(self, *, reduced: bool) -> Iterator[Frame]:
        """Yield the sampled frames, each once for every kind of viewer that shows another picture.

        With `reduced`, only luma is kept, and large frames are reduced to at least 512 pixels a
        side, JPEGs by the decoder itself. Raise ImageUndecodable, ImageTooLarge or
        DecodeLimitExceeded.
        """
        with decoder_errors():
            shown, *others = self._sampled()
            self._image.seek(shown)
            yield from self._views(shown, reduced=reduced)
            for number in others:
                self._image.seek(number)
                # A thumbnail page is too small to hash, and too small to recognise.
                if min(self._image.size) >= self._limits.min_side:
                    yield from self._views(number, reduced=reduced)

    def _sampled(self) -> list[int]:
        """Numbers of the sampled frames: the shown one first, then up to the last, evenly."""
        count = min(self.frame_count, self._limits.max_frames)
        if count == 1:
            return [self._image.tell()]
        if self.format in WALKED_FORMATS:
            self._limits.check_walk(self.width, self.height, self.frame_count)
        numbers = np.linspace(0, self.frame_count - 1, count).round().astype(int).tolist()
        shown = self._image.tell()
        return [shown, *(number for number in numbers if number != shown)]

    def _views(self, number: int, *, reduced: bool) -> Iterator[Frame]:
        image = self._image
        self._limits.check_size(*image.size)
        full_size, scale = _load(image, reduced=reduced and self.format is ImageFormat.JPEG)
        orientation = _orientation(image)
        factor = max(1, min(image.size) // REDUCED_SIDE) if reduced else 1
        for view in views(image, luma=reduced):
            pixels = np.asarray(view.reduce(factor) if factor > 1 else view)
            yield Frame(pixels, full_size, scale * factor, orientation, number)


def open_image(data: bytes, *, limits: DecodeLimits) -> OpenImage:
    """Read the header of untrusted bytes; no pixel is decoded yet.

    Raise UnsupportedMediaType, ImageUndecodable, ImageTooLarge or ImageTooSmall.
    """
    limits.check_bytes(data)
    format_ = sniff(data)
    if format_ is None:
        raise UnsupportedMediaType("not an image of an accepted format")
    with decoder_errors():
        return OpenImage(Image.open(io.BytesIO(data), formats=[format_]), format_, limits)


def _load(image: Image.Image, *, reduced: bool) -> tuple[tuple[int, int], int]:
    """Decode; the (height, width) at full resolution and what the decoder divided it by.

    With `reduced`, libjpeg decodes at 1/2, 1/4 or 1/8, and luma only unless a profile matters.
    """
    width, height = image.size
    if not reduced:
        image.load()  # may change the size: TIFF applies its orientation here
        return (image.height, image.width), 1
    luma_suffices = image.mode == "RGB" and not has_profile_to_apply(image)
    image.draft("L" if luma_suffices else image.mode, (REDUCED_SIDE, REDUCED_SIDE))
    image.load()
    return (height, width), round(width / image.width)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation still to be applied, 1..8; 1 when missing or nonsense."""
    tag = image.getexif().get(ExifTags.Base.Orientation)
    return tag if isinstance(tag, int) and 1 <= tag <= 8 else 1
