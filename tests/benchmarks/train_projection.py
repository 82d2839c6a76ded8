"""Learn what local signatures are coded with: `python -m tests.benchmarks.train_projection`.

Takes a folder of ordinary photos (`--photos`, described by `--source`) and writes, into `--out`:

- `projection.npz`: from the RootSIFT descriptors of places seen both in a photo and in simulated
  copies of it. Directions are whitened by how copies change them; the 96 in which different
  places differ most are shrunk by their signal's share and spread over 256 signs by random
  rotations, so that every bit carries about as much.
- `frequent.npy`: codes that turn up in many of the photos, or in rendered text.
- a text beside each that tells where it came from.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from matching.hashing.local.arrays import Bytes, Floats
from matching.hashing.local.copies import STRICT, Manipulation, same_places, simulate
from matching.hashing.local.keypoints import Keypoints, detect
from matching.hashing.local.picture import reference_frame
from matching.hashing.local.projection import (
    CODE_BITS,
    DATA,
    Projection,
    distances,
    encode_with,
    root,
)

Matrix = NDArray[np.float64]

COPIES = 4
KEPT_DIRECTIONS = 96
MIN_SIGNAL = 0.05

TEXT_PAGES = 40
FREQUENT_RADIUS = 24
FREQUENT_SHARE = 0.04
CANDIDATES = 6_000
MAX_FREQUENT = 1_024


def learn_projection(photos: list[Bytes], rng: np.random.Generator) -> Projection:
    """Learn from reference frames, luma (h, w)."""
    pairs = [pair for gray in tqdm(photos, "pairs") for pair in matched_descriptors(gray, rng)]
    originals = np.concatenate([original for original, _ in pairs])
    copies = np.concatenate([copy for _, copy in pairs])
    mean = np.concatenate([originals, copies]).mean(axis=0)
    changes = np.cov((originals - copies).T) / 2
    matrix = discriminating(changes, np.cov((originals - mean).T)) @ rotations(rng)
    return Projection(mean.astype(np.float32), matrix.astype(np.float32))


def matched_descriptors(gray: Bytes, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """RootSIFT (n, 128) of the same places in the photo and in each copy."""
    original = detect(gray, count=800, contrast=0.015)
    for _ in range(COPIES):
        copy = simulate(gray, random_manipulation(rng), rng)
        found = detect(copy.gray, count=800, contrast=0.012)
        if len(original) and len(found):
            ours, theirs = same_places(original, found, copy, STRICT)
            yield root(original.descriptors[ours]), root(found.descriptors[theirs])


def random_manipulation(rng: np.random.Generator) -> Manipulation:
    """What copies on the web are like: smaller, turned, stretched, compressed, noisy."""
    return Manipulation(
        scale=float(rng.choice([0.3, 0.5, 0.7, 1.0])),
        degrees=float(rng.uniform(-40, 40)),
        stretch=float(rng.uniform(0.8, 1.25)),
        jpeg_quality=int(rng.choice([20, 40, 80])),
        noise=float(rng.choice([0, 6])),
    )


def discriminating(changes: Matrix, spread: Matrix) -> Matrix:
    """Directions (128, 96) in which places differ more than copies of one place do."""
    strength, axes = np.linalg.eigh(changes + 1e-5 * np.eye(len(changes)))
    whitening = axes / np.sqrt(strength)
    ratio, directions = np.linalg.eigh(whitening.T @ spread @ whitening)
    best = np.argsort(-ratio)[:KEPT_DIRECTIONS]
    signal = np.sqrt(np.maximum(ratio[best] - 1, MIN_SIGNAL) / ratio[best])
    kept: Matrix = (whitening @ directions[:, best]) * signal
    return kept


def rotations(rng: np.random.Generator) -> Matrix:
    """Random orthonormal bases side by side, (96, 256)."""
    size = KEPT_DIRECTIONS
    bases = [np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(-(-CODE_BITS // size))]
    return np.hstack(bases)[:, :CODE_BITS]


def learn_frequent(photos: list[Bytes], learned: Projection, rng: np.random.Generator) -> Bytes:
    """Codes near which many of the photos, or many rendered pages, have a code."""
    chosen: list[Bytes] = []
    for pictures in (photos, [text_page(rng) for _ in range(TEXT_PAGES)]):
        codes = [encode_with(learned, keypoints_of(gray).descriptors) for gray in pictures]
        share, candidates = shares(codes, rng)
        order = np.argsort(-share, kind="stable")
        order = order[share[order] >= FREQUENT_SHARE]
        chosen.append(apart_from_each_other(candidates[order])[:MAX_FREQUENT])
    return np.concatenate(chosen)


def keypoints_of(gray: Bytes) -> Keypoints:
    """The keypoints a reference would choose from."""
    return detect(gray, count=1000, contrast=0.015)


def shares(codes: list[Bytes], rng: np.random.Generator) -> tuple[Floats, Bytes]:
    """For a sample of all codes: the share of pictures that have a code near it."""
    every = np.concatenate(codes)
    sample = every[rng.choice(len(every), min(CANDIDATES, len(every)), replace=False)]
    near = np.zeros(len(sample), np.float32)
    for of_one in tqdm(codes, "frequent"):
        near += (distances(sample, of_one) <= FREQUENT_RADIUS).any(axis=1)
    return near / np.float32(len(codes)), sample


def apart_from_each_other(codes: Bytes) -> Bytes:
    """Leave out codes that an earlier one already stands for."""
    kept: list[int] = []
    near = distances(codes, codes) <= FREQUENT_RADIUS // 2
    for position in range(len(codes)):
        if not near[position, kept].any():
            kept.append(position)
    return codes[kept]


def text_page(rng: np.random.Generator) -> Bytes:
    """A page of random words in one size, dark on light or light on dark."""
    page = Image.new("L", (512, 512), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=int(rng.integers(12, 64)))
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?-")
    lines = ["".join(rng.choice(letters, 60)) for _ in range(40)]
    spaced = ["".join(c if rng.random() > 0.15 else " " for c in line) for line in lines]
    pen.multiline_text((8, 8), "\n".join(spaced), fill=0, font=font)
    gray = np.asarray(page, np.uint8)
    return gray if rng.random() < 0.7 else 255 - gray


def photos_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".png"})


def provenance(paths: list[Path], options: argparse.Namespace, what: str) -> str:
    """What a reader needs to know about, and to repeat, the training."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return (
        f"{what}\n"
        f"Command: python -m tests.benchmarks.train_projection --photos DIR --seed {options.seed}\n"
        f"Photos: {len(paths)}, {options.source}\n"
        f"SHA-256 of the files one after the other, by name: {digest}\n"
        f"Made: {datetime.now(UTC):%Y-%m-%d}; OpenCV {cv2.__version__}, NumPy {np.__version__}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--source", required=True, help="what photos they are, in words")
    parser.add_argument("--out", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    paths = photos_in(options.photos)
    photos = [reference_frame(np.asarray(Image.open(path).convert("RGB"))) for path in paths]
    learned = learn_projection(photos, rng)
    frequent = learn_frequent(photos, learned, rng)
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez(options.out / "projection.npz", mean=learned.mean, matrix=learned.matrix)
    np.save(options.out / "frequent.npy", frequent)
    for name, what in (
        ("projection", "RootSIFT to 256-bit codes: mean (128,) and matrix (128, 256), float32."),
        ("frequent", f"{len(frequent)} codes frequent in photos or rendered text, uint8 (n, 32)."),
    ):
        text = provenance(paths, options, what)
        (options.out / f"{name}.txt").write_text(text, encoding="utf-8")
    print(f"{len(paths)} photos, {len(frequent)} frequent codes -> {options.out}")


if __name__ == "__main__":
    main()
