"""The formats that are accepted, told by content and never by name or declared type."""

from enum import StrEnum
from typing import Final

HEIC_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
MAX_BRANDS: Final = 16


class ImageFormat(StrEnum):
    """Accepted formats, by the name of the Pillow plugin that reads them."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    BMP = "BMP"
    WEBP = "WEBP"
    TIFF = "TIFF"
    HEIF = "HEIF"
    AVIF = "AVIF"


MAGIC: Final = (
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"GIF87a", ImageFormat.GIF),
    (b"GIF89a", ImageFormat.GIF),
    (b"BM", ImageFormat.BMP),
    (b"II\x2a\x00", ImageFormat.TIFF),
    (b"MM\x00\x2a", ImageFormat.TIFF),
    (b"II\x2b\x00", ImageFormat.TIFF),
    (b"MM\x00\x2b", ImageFormat.TIFF),
)


def sniff(data: bytes) -> ImageFormat | None:
    """The accepted format whose signature starts the file, or None."""
    for magic, format_ in MAGIC:
        if data.startswith(magic):
            return format_
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if data[4:8] == b"ftyp":
        return _sniff_brands(data)
    return None


def _sniff_brands(data: bytes) -> ImageFormat | None:
    """HEIF or AVIF by the brands of an ISO base media file (ISO/IEC 14496-12, `ftyp` box)."""
    length = min(int.from_bytes(data[:4]), 16 + 4 * MAX_BRANDS)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
    if brands & AVIF_BRANDS:
        return ImageFormat.AVIF
    return ImageFormat.HEIF if brands & HEIC_BRANDS else None
