"""Hashing side by side with the usual way: Pillow to RGB, then the reference PDQ (`pdqhash`).

    python -m tests.benchmarks.hashing --photos DIR [--rounds N]

Prints the processor time of decoding and hashing JPEGs of three sizes, how far the reduced decode
of the query path lands from the reference, and what a decoder process costs per image. The photos
of DIR are enlarged to 3 and 12 megapixels with sensor noise, so that the JPEGs weigh what camera
files weigh. All figures are medians; processor time, so that other work on the machine matters
little.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pdqhash
from PIL import Image, ImageDraw, ImageFont

from matching.hashing import MIN_QUALITY, DecoderPool, digests, hash_image, query_image
from matching.hashing.decode import DEFAULT_LIMITS
from matching.hashing.images import query_frames
from tests.pictures import as_bytes, render_picture

SIZES = {"500x375": (500, 375), "3 MP": (2000, 1500), "12 MP": (4000, 3000)}
GOALS = {"500x375": 3, "3 MP": 10, "12 MP": 14}
PER_SIZE = {"500x375": 40, "3 MP": 8, "12 MP": 3}


def main() -> None:
    """Print the three tables."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--photos", type=Path, help="folder of photos; else rendered pictures")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    photos = list(load_photos(chosen.photos))
    print_times(photos, chosen.rounds)
    print_deviations(photos)
    print_sandbox(photos)


def load_photos(folder: Path | None) -> Iterator[Image.Image]:
    """Photos of a folder, or rendered pictures in their place."""
    if folder is None:
        yield from (render_picture(seed, (500, 375)) for seed in range(40))
        return
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}:
            yield Image.open(path).convert("RGB")


def reference(data: bytes) -> tuple[bytes, int]:
    """Decode to RGB and hash at full resolution, as the open peer does."""
    bits, quality = pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return np.packbits(bits.astype(np.uint8)).tobytes(), int(quality)


def camera_jpeg(photo: Image.Image, size: tuple[int, int], seed: int) -> bytes:
    """A JPEG of this size with the noise, and so the bytes, of a camera's."""
    if photo.height > photo.width:
        photo = photo.transpose(Image.Transpose.ROTATE_90)
    pixels = np.asarray(photo.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    noise = np.random.default_rng(seed).normal(0, 4, (*pixels.shape[:2], 1)).astype(np.int16)
    noisy = Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))
    return as_bytes(noisy, "JPEG", quality=88)


def processor_ms(job: Callable[[bytes], object], files: list[bytes], rounds: int) -> float:
    """Median over the files of the best processor time of `rounds` runs, in milliseconds."""
    return statistics.median(min(_timed(job, data) for _ in range(rounds)) for data in files)


def _timed(job: Callable[[bytes], object], data: bytes) -> float:
    start = time.process_time_ns()
    job(data)
    return (time.process_time_ns() - start) / 1e6


def print_times(photos: list[Image.Image], rounds: int) -> None:
    """Processor time of the three ways, and of the query path's extras."""
    print("Decode and hash, processor time in ms (and how many times faster than the peer)\n")
    print(f"{'size':>8} {'kB':>6} {'peer':>8} {'query':>16} {'register':>16} {'digests':>8}  goal")
    for name, size in SIZES.items():
        chosen = photos[: PER_SIZE[name]]
        files = [camera_jpeg(photo, size, seed) for seed, photo in enumerate(chosen)]
        peer = processor_ms(reference, files, min(rounds, 3))
        query = processor_ms(lambda data: query_frames(data, limits=DEFAULT_LIMITS), files, rounds)
        register = processor_ms(hash_image, files, rounds)
        digest = processor_ms(digests, files, rounds)
        weight = statistics.median(map(len, files)) / 1e3
        print(
            f"{name:>8} {weight:6.0f} {peer:8.2f} {query:8.2f} {peer / query:6.1f}x"
            f" {register:8.2f} {peer / register:6.1f}x {digest:8.2f}  {GOALS[name]}x"
        )
    print(
        "\npeer: Pillow RGB + pdqhash, one hash. query: all eight turns, with and without borders,"
        "\nno digests. register: full resolution, eight turns, borders, digests.\n"
    )


def text_page(seed: int, size: tuple[int, int]) -> Image.Image:
    """A page of small print, the hardest case for a reduced decode."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size[0] / 70)
    step = size[0] / 50
    for line in range(int(size[1] / step) - 2):
        words = ("".join(map(chr, rng.integers(97, 123, rng.integers(2, 10)))) for _ in range(14))
        indent = size[0] * (0.05 + 0.1 * rng.random())
        pen.text((indent, step * (line + 1)), " ".join(words), "black", font)
    return page


def print_deviations(photos: list[Image.Image]) -> None:
    """Bits between the query path's upright hash and the reference on the full decode."""
    print("Query path against the reference at full resolution, bits\n")
    print(f"{'pictures':>24} {'n':>4} {'mean':>6} {'p99':>4} {'max':>4} {'quality off by':>15}")
    for name, files in _deviation_sets(photos).items():
        bits, off = [], []
        for data in files:
            exact, quality = reference(data)
            found = query_image(data).frames[0]
            if quality >= MIN_QUALITY:
                both = int.from_bytes(exact) ^ int.from_bytes(found.variants[0].tobytes())
                bits.append(both.bit_count())
                off.append(abs(found.quality - quality))
        print(
            f"{name:>24} {len(bits):4} {statistics.mean(bits):6.2f} {np.percentile(bits, 99):4.0f}"
            f" {max(bits):4} {max(off):15}"
        )
    print()


def _deviation_sets(photos: list[Image.Image]) -> dict[str, list[bytes]]:
    some = list(enumerate(photos))
    return {
        "photos as they are": [as_bytes(photo, "JPEG", quality=85) for photo in photos],
        "photos as PNG": [as_bytes(photo, "PNG") for photo in photos[:40]],
        "photos at 3 MP": [camera_jpeg(photo, SIZES["3 MP"], seed) for seed, photo in some[:25]],
        "photos at 3 MP, PNG": [
            as_bytes(photo.resize(SIZES["3 MP"]), "PNG", compress_level=1) for photo in photos[:12]
        ],
        "photos at 12 MP": [camera_jpeg(photo, SIZES["12 MP"], seed) for seed, photo in some[:6]],
        "text pages 1240x1754": [
            as_bytes(text_page(seed, (1240, 1754)), "JPEG", quality=80) for seed in range(25)
        ],
        "text pages 2480x3508": [
            as_bytes(text_page(seed, (2480, 3508)), "JPEG", quality=80) for seed in range(6)
        ],
    }


def print_sandbox(photos: list[Image.Image]) -> None:
    """Wall clock of a query in process and in a decoder process, one after the other."""
    files = [camera_jpeg(photo, SIZES["500x375"], seed) for seed, photo in enumerate(photos[:40])]
    here, there = [], []
    with DecoderPool(1) as pool:
        start = time.perf_counter()
        pool.query(files[0])
        first = time.perf_counter() - start
        for data in files * 5:
            here.append(_wall_ms(query_image, data))
            there.append(_wall_ms(pool.query, data))
    over = sorted(outside - inside for inside, outside in zip(here, there, strict=True))
    print("Decoder process, 500x375, wall clock in ms\n")
    print(f"in process {statistics.median(here):.2f}, in a child {statistics.median(there):.2f},")
    print(f"overhead {statistics.median(over):.2f} (p90 {over[len(over) * 9 // 10]:.2f});")
    print(f"first answer of a new child after {first * 1e3:.0f}")


def _wall_ms(job: Callable[[bytes], object], data: bytes) -> float:
    start = time.perf_counter()
    job(data)
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
