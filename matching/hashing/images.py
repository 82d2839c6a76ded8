"""One image to its signals: exact and complete for a hash list, fast and forgiving for a query."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.hashing.border import Box, find_border
from matching.hashing.content import find_content
from matching.hashing.decode import DEFAULT_LIMITS, DecodeLimits, Frame, open_image
from matching.hashing.digest import Digests, digests
from matching.hashing.pdq import DihedralHashes, PdqHash, dihedral_hashes
from matching.hashing.signal import MIN_QUALITY, PDQ_BYTES

MIN_TRIMMED_SIDE: Final = 32
PLAIN_QUALITY: Final = 60
"""Pictures below are mostly plain ground; well above MIN_QUALITY, so that a copy of a picture that
just misses it is treated alike."""

SMALL_SIDE: Final = 256
"""A picture with a shorter side may well be the thumbnail of a larger one."""

ENLARGEMENT: Final = 4


@dataclass(frozen=True, slots=True)
class ImageHashes:
    """What a hash list records of one image; sides in pixels as stored, `frames` as counted.

    `trimmed` is the hash without plain borders, for pictures that have them.
    """

    digests: Digests
    pdq: PdqHash
    trimmed: PdqHash | None
    width: int
    height: int
    format: str
    frames: int


@dataclass(frozen=True, slots=True)
class FrameHashes:
    """Hashes of one sampled frame: (8, 32) arrays, rows as in `pdq.DihedralHashes`.

    A frame has several of these where viewers show it differently, or where it may be a thumbnail;
    they share its `number`. `pixels` is its area before any reduction.
    """

    number: int
    pixels: int
    quality: int
    variants: NDArray[np.uint8]
    trimmed_quality: int | None = None
    trimmed_variants: NDArray[np.uint8] | None = None

    @property
    def best_quality(self) -> int:
        """With or without the borders."""
        return max(self.quality, self.trimmed_quality or 0)


@dataclass(frozen=True, slots=True)
class QueryHashes:
    """What is looked up for one submitted image."""

    digests: Digests
    frames: tuple[FrameHashes, ...]

    @property
    def quality(self) -> int:
        """The best quality of any frame; below MIN_QUALITY nothing can be said by PDQ."""
        return max(quality for quality, _ in self._hashes())

    @property
    def pixels(self) -> int:
        """Pixels that were decoded: the area of every sampled frame."""
        areas: dict[int, int] = {}
        for frame in self.frames:  # of each number the frame itself comes first
            areas.setdefault(frame.number, frame.pixels)
        return sum(areas.values())

    @property
    def is_judged_whole(self) -> bool:
        """Whether every sampled frame has a hash of sufficient quality."""
        judged = {frame.number for frame in self.frames if frame.best_quality >= MIN_QUALITY}
        return judged == {frame.number for frame in self.frames}

    def trusted(self) -> NDArray[np.uint8]:
        """Distinct hashes of sufficient quality, (n, 32); n may be 0."""
        kept = (variants for quality, variants in self._hashes() if quality >= MIN_QUALITY)
        distinct = dict.fromkeys(row.tobytes() for variants in kept for row in variants)
        return np.frombuffer(bytearray().join(distinct), np.uint8).reshape(-1, PDQ_BYTES)

    def _hashes(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        for frame in self.frames:
            yield frame.quality, frame.variants
            if frame.trimmed_quality is not None and frame.trimmed_variants is not None:
                yield frame.trimmed_quality, frame.trimmed_variants


def hash_image(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> ImageHashes:
    """Hash an image for a list: full resolution, bit for bit what the PDQ reference computes.

    Of an animation, the first sampled frame of sufficient quality counts, else the first. Raise a
    subclass of ImageError.
    """
    opened = open_image(data, limits=limits)
    first, *later = _until_trusted(_hash_frame(frame) for frame in opened.frames(reduced=False))
    chosen = later[-1] if later and later[-1].quality >= MIN_QUALITY else first
    return ImageHashes(
        digests=digests(data),
        pdq=PdqHash(chosen.variants[0].tobytes(), chosen.quality),
        trimmed=_trimmed_upright(chosen),
        width=opened.width,
        height=opened.height,
        format=opened.format,
        frames=opened.frame_count,
    )


def query_image(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> QueryHashes:
    """Hash a submitted image: every sampled frame, all eight turns, with and without borders.

    JPEGs are decoded at reduced size, at most 8 bits off the full decode. Raise a subclass of
    ImageError.
    """
    frames = query_frames(data, limits=limits)
    return QueryHashes(digests=digests(data), frames=frames)


def query_frames(data: bytes, *, limits: DecodeLimits) -> tuple[FrameHashes, ...]:
    """The perceptual part of `query_image`."""
    frames = open_image(data, limits=limits).frames(reduced=True)
    return tuple(_hash_frame(guess) for frame in frames for guess in _likely_originals(frame))


def _until_trusted(frames: Iterable[FrameHashes]) -> Iterator[FrameHashes]:
    for frame in frames:
        yield frame
        if frame.quality >= MIN_QUALITY:
            return


def _likely_originals(frame: Frame) -> Iterator[Frame]:
    """The frame, and if it is small, the frame as a reduced decode of a larger one.

    PDQ keeps whole pixels, so on few pixels its 64 x 64 grid sits up to half a cell off the grid of
    the original; hashing as if enlarged takes half-size copies from 19 bits off to 6.
    """
    yield frame
    height, width = frame.full_size
    if min(height, width) < SMALL_SIDE:
        full_size = (height * ENLARGEMENT, width * ENLARGEMENT)
        yield replace(frame, full_size=full_size, scale=frame.scale * ENLARGEMENT)


def _hash_frame(frame: Frame) -> FrameHashes:
    pixels = math.prod(frame.full_size)
    whole = _dihedral(frame, frame.pixels, frame.full_size)
    inner = _inside(frame, find_border(frame.pixels))
    if max(whole.quality, inner.quality if inner else 0) < PLAIN_QUALITY:
        inner = _inside(frame, find_content(frame.pixels)) or inner
    if inner is None:
        return FrameHashes(frame.number, pixels, whole.quality, whole.variants)
    return FrameHashes(
        frame.number, pixels, whole.quality, whole.variants, inner.quality, inner.variants
    )


def _inside(frame: Frame, box: Box | None) -> DihedralHashes | None:
    """The hashes of a part of the frame; None for no part, or one too small to hash."""
    if box is None or min(box.height, box.width) < MIN_TRIMMED_SIDE:
        return None
    return _dihedral(frame, box.crop(frame.pixels), _full_size(frame, box))


def _dihedral(
    frame: Frame, pixels: NDArray[np.uint8], full_size: tuple[int, int]
) -> DihedralHashes:
    return dihedral_hashes(
        pixels, full_size=full_size, scale=frame.scale, orientation=frame.orientation
    )


def _full_size(frame: Frame, box: Box) -> tuple[int, int]:
    """Height and width of the box before the decoder reduced the frame."""
    height, width = frame.full_size
    bottom, right = min(box.bottom * frame.scale, height), min(box.right * frame.scale, width)
    return bottom - box.top * frame.scale, right - box.left * frame.scale


def _trimmed_upright(frame: FrameHashes) -> PdqHash | None:
    if frame.trimmed_variants is None or frame.trimmed_quality is None:
        return None
    return PdqHash(frame.trimmed_variants[0].tobytes(), frame.trimmed_quality)
