"""Hostile image files: damaged, lying, oversized, two-faced, or no images at all.

`generate` yields the hand-made ones first, then mutations of small sound files in every accepted
format. Nothing in it decodes to a picture worth matching; the service has to refuse or survive it.
"""

import functools
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pillow_heif
from PIL import Image

from tests.pictures import as_bytes, render_picture

SMALL = (96, 72)

pillow_heif.register_heif_opener()


def generate(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield `count` (name, bytes) pairs; the same seed gives the same files."""
    crafted = [*not_images(), *bombs(), *polyglots(), *absurd_headers()]
    yield from crafted[:count]
    rng = random.Random(seed)
    sound = sorted(sound_files().items())
    mutations = sorted(MUTATIONS.items())
    for number in range(count - len(crafted)):
        name, data = rng.choice(sound)
        kind, mutate = rng.choice(mutations)
        yield f"{number}-{kind}-{name}", mutate(data, rng)


@functools.cache
def sound_files() -> dict[str, bytes]:
    """One small sound file of every accepted kind."""
    image = render_picture(1, SMALL)
    kinds: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
        "jpeg": (image, "JPEG", {}),
        "progressive": (image, "JPEG", {"progressive": True}),
        "cmyk": (image.convert("CMYK"), "JPEG", {}),
        "mpo": (image, "MPO", _moving()),
        "png": (image, "PNG", {}),
        "palette": (image.convert("P"), "PNG", {}),
        "apng": (image, "PNG", _moving()),
        "gif": (image, "GIF", {}),
        "animated-gif": (image, "GIF", _moving()),
        "bmp": (image, "BMP", {}),
        "webp": (image, "WEBP", {}),
        "lossless-webp": (image, "WEBP", {"lossless": True}),
        "animated-webp": (image, "WEBP", _moving()),
        "tiff": (image, "TIFF", {}),
        "lzw-tiff": (image, "TIFF", {"compression": "tiff_lzw"}),
        "jpeg-tiff": (image, "TIFF", {"compression": "jpeg"}),
        "pages-tiff": (image, "TIFF", _moving()),
        "heif": (image, "HEIF", {}),
        "avif": (image, "AVIF", {"speed": 10}),
    }
    # A copy each time: saving as JPEG leaves settings on an image that saving as TIFF trips on.
    return {name: as_bytes(im.copy(), kind, **save) for name, (im, kind, save) in kinds.items()}


def not_images() -> Iterator[tuple[str, bytes]]:
    """Other kinds of file, and formats that are not accepted."""
    yield "empty", b""
    yield "text", b"Nothing to see here.\n" * 40
    yield "html", b"<!doctype html><title>x</title><img src=x onerror=alert(1)>"
    yield "svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
    yield "pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\nshowpage\n"
    yield "zip", _zip()
    yield "mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(200)
    for format_ in ("ICO", "PPM", "TGA", "JPEG2000", "PCX"):
        yield format_.lower(), as_bytes(render_picture(1, SMALL), format_)
    for name, data in sound_files().items():
        yield f"signature-of-{name}", data[:16]


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that ask for a lot."""
    yield "png-30000x30000", one_color_png(30_000, 30_000)
    long = b"a\0\0" + zlib.compress(bytes(1 << 24))
    yield "png-long-text", _png(SMALL, extra=_chunk(b"zTXt", long))
    yield "png-long-profile", _png(SMALL, extra=_chunk(b"iCCP", long))
    yield "gif-many-frames", gif_of_many_frames(3_000)
    yield "jpeg-then-junk", sound_files()["jpeg"] + bytes(1 << 20)
    yield "jpeg-many-scans", _jpeg_of_many_scans(200)


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Files that are two things at once."""
    jpeg, gif, png = (sound_files()[name] for name in ("jpeg", "gif", "png"))
    yield "pdf-jpeg", b"%PDF-1.4\n" + jpeg
    yield "html-gif", b"<html>" + gif
    yield "gif-script", gif[:6] + b"/*" + gif[8:] + b"*/=1;alert(1)"
    yield "png-in-jpeg-name", jpeg[:20] + png
    yield "tiff-jpeg", sound_files()["tiff"][:8] + jpeg
    yield "heif-avif", sound_files()["heif"][:60] + sound_files()["avif"][60:]


def absurd_headers() -> Iterator[tuple[str, bytes]]:
    """Sizes, counts and offsets that cannot be."""
    files = sound_files()
    sides = (0, 1, 31, 65_535, 2**31 - 1, 2**32 - 1)
    for side in sides:
        yield f"png-{side}", _png((side, side))
        yield f"bmp-{side}", _patched(files["bmp"], 18, struct.pack("<II", side, side))
        yield f"bmp-offset-{side}", _patched(files["bmp"], 10, struct.pack("<I", side))
        yield f"tiff-ifd-{side}", _patched(files["tiff"], 4, struct.pack("<I", side))
        yield f"riff-{side}", _patched(files["webp"], 4, struct.pack("<I", side))
        yield f"heif-box-{side}", _patched(files["heif"], 0, struct.pack(">I", side))
    for side in (0, 1, 65_535):
        yield f"gif-{side}", _patched(files["gif"], 6, struct.pack("<HH", side, side))
        yield f"jpeg-{side}", _jpeg_of_size(side)
    yield "tiff-ifd-loop", _tiff_with_ifd_loop()


def one_color_png(width: int, height: int) -> bytes:
    """A one-colour PNG of any size: a hundred kilobytes for a billion pixels."""
    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(1)
    rows = packer.compress(row * 100)
    rows += b"".join(packer.compress(row * 100) for _ in range(height // 100 - 1)) + packer.flush()
    return _png((width, height), depth=1, rows=rows)


def gif_of_many_frames(count: int) -> bytes:
    """An animation of `count` flat frames: about a hundred bytes each, and a while to walk."""
    single = as_bytes(Image.new("P", SMALL), "GIF")
    start = single.index(b"\x2c")
    return single[:start] + single[start:-1] * count + b"\x3b"


def truncate(data: bytes, rng: random.Random) -> bytes:
    """Cut at the very start, inside the header, anywhere, or shortly before the end."""
    length = len(data)
    ends = (rng.randrange(32), rng.randrange(length), length - 1 - rng.randrange(32), length // 2)
    return data[: max(0, rng.choice(ends))]


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    """Flip one to fifty bits anywhere."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 3, 10, 50))):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def flip_header_bits(data: bytes, rng: random.Random) -> bytes:
    """Flip bits where the sizes, counts and offsets are."""
    return flip_bits(data[:128], rng) + data[128:]


def overwrite(data: bytes, rng: random.Random) -> bytes:
    """Replace a run of bytes by zeros, ones or noise."""
    start, length = rng.randrange(len(data)), rng.randrange(1, 64)
    fill = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length)))
    return data[:start] + fill + data[start + length :]


def remove(data: bytes, rng: random.Random) -> bytes:
    """Leave out a run of bytes."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, 64) :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Say something twice."""
    start = rng.randrange(len(data))
    stop = start + rng.randrange(1, 2048)
    return data[:stop] + data[start:stop] + data[stop:]


def splice(data: bytes, rng: random.Random) -> bytes:
    """Go on as another file."""
    other = rng.choice(sorted(sound_files().values()))
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


MUTATIONS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "truncated": truncate,
    "flipped": flip_bits,
    "flipped-header": flip_header_bits,
    "overwritten": overwrite,
    "shortened": remove,
    "repeated": repeat,
    "spliced": splice,
}


def _moving() -> dict[str, object]:
    return {"save_all": True, "append_images": [render_picture(seed, SMALL) for seed in (2, 3)]}


def _patched(data: bytes, at: int, patch: bytes) -> bytes:
    return data[:at] + patch + data[at + len(patch) :]


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("picture.jpg", sound_files()["jpeg"])
    return buffer.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(size: tuple[int, int], *, depth: int = 8, rows: bytes = b"", extra: bytes = b"") -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, 0, 0, 0, 0))
    body = _chunk(b"IDAT", rows or zlib.compress(bytes(4096)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + _chunk(b"IEND", b"")


def _jpeg_of_many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = sound_files()["progressive"]
    start = data.rindex(b"\xff\xda")
    return data[:-2] + data[start:-2] * count + data[-2:]


def _jpeg_of_size(side: int) -> bytes:
    data = sound_files()["jpeg"]
    frame = data.index(b"\xff\xc0")
    return _patched(data, frame + 5, struct.pack(">HH", side, side))


def _tiff_with_ifd_loop() -> bytes:
    """A page list that leads back to its first page."""
    data = bytearray(sound_files()["tiff"])
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    return bytes(data)
