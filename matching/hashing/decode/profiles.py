"""Colour profiles: applied when they change the picture, ignored when they only tint it.

The hash lists of the field were made without colour management, and the everyday profiles (sRGB,
Display P3, Adobe RGB) move PDQ by a few bits at most. But a crafted profile can show a picture
whose stored values look like nothing, so a profile is judged by what it does to probe colours:
if any of them changes its luma by more than `HARMLESS_SHIFT`, the profile is applied.
"""

import functools
import hashlib
import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

HARMLESS_SHIFT: Final = 32
"""Levels of luma, of 255."""

PROBE_LEVELS: Final = 6
REMEMBERED_PROFILES: Final = 256

_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_LAB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
_harmless: dict[bytes, bool] = {}
"""Verdict by SHA-256 of the profile: most photos carry one of a few."""


def to_srgb(image: Image.Image) -> Image.Image | None:
    """The image as its embedded profile shows it, in sRGB; None when the profile may be ignored."""
    transform = _needed_transform(image)
    return None if transform is None else ImageCms.applyTransform(image, transform)


def has_profile_to_apply(image: Image.Image) -> bool:
    """Whether `to_srgb` would change the image; told from the header alone."""
    return _needed_transform(image) is not None


def _needed_transform(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """The profile's transform, or None if there is none, it is harmless or it is unusable.

    A profile that is broken or made for another colour model is ignored, as browsers do.
    """
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile:
        return None
    key = hashlib.sha256(profile + image.mode.encode()).digest()
    if _harmless.get(key, False):
        return None
    transform = _transform(profile, image.mode)
    if transform is None or _is_harmless(key, transform, image.mode):
        return None
    return transform


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """CIE L*a*b* pixels (TIFF) in sRGB, under D50."""
    converted = ImageCms.applyTransform(image, _lab_transform())
    if converted is None:
        raise ValueError("no conversion from LAB")
    return converted


@functools.lru_cache(maxsize=1)
def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(_LAB, _SRGB, "LAB", "RGB")


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _is_harmless(key: bytes, transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    probe = _probe(mode)
    shown = ImageCms.applyTransform(probe, transform)
    shift = _luma(shown if shown is not None else probe) - _luma(probe)
    verdict = bool(np.abs(shift).max() <= HARMLESS_SHIFT)
    if len(_harmless) >= REMEMBERED_PROFILES:
        _harmless.clear()
    _harmless[key] = verdict
    return verdict


def _luma(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.asarray(image.convert("RGB").convert("L")).astype(np.int16)


@functools.lru_cache(maxsize=8)
def _probe(mode: str) -> Image.Image:
    """A small image of colours spread evenly over everything `mode` can express."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    levels = np.linspace(0, 255, PROBE_LEVELS).astype(np.uint8)
    colors = np.stack(np.meshgrid(*[levels] * channels), axis=-1).reshape(1, -1, channels)
    return Image.frombytes(mode, (colors.shape[1], 1), colors.tobytes())
