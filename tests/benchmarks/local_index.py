"""Time the partial search at size.

`python -m tests.benchmarks.local_index --photos DIR --pool DIR --refs 1e5`

The index holds the signatures of all `--photos` and, up to `--refs`, synthetic ones. Those have
128 codes each, every one a real code of the photos in `--pool` with about 8 bits taken from
another real code, so that cells are filled, and unrelated queries find false seeds, as with real
pictures; their places and windows are random. Queries are crops of the photos, 512 pixels wide
or high. Build and search run in processes of their own; times are CPU times.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from matching.hashing.local import LocalSignature
from matching.hashing.local.keypoints import detect
from matching.hashing.local.picture import reference_frame
from matching.hashing.local.projection import encode
from matching.index.local import Band, LocalIndex
from matching.index.local.search import find_candidates, weigh_candidates
from tests.benchmarks.manipulations import crop, resize
from tests.benchmarks.robustness import pictures_in
from tests.benchmarks.stages import Clock
from tests.local import query_local, register_local

Bytes = NDArray[np.uint8]


def synthetic(pool: Bytes, count: int) -> Iterator[LocalSignature]:
    """Signatures with random places and windows, and codes from among those of the pool."""
    rng = np.random.default_rng(5)
    for _ in range(count):
        one, other = pool[rng.integers(0, len(pool), (2, 128))]
        taken = np.bitwise_and.reduce(rng.integers(0, 256, (4, 128, 32), dtype=np.uint8))
        towards = (one ^ other) & taken
        yield LocalSignature(
            codes=one ^ towards,
            geometry=rng.integers(0, 256, (128, 4), dtype=np.uint8),
            windows=rng.integers(0, 256, (58, 8), dtype=np.uint8),
            informative=np.ones(58, np.bool_),
            width=512,
            height=384,
        )


def codes_of(pool: Path) -> Bytes:
    """The codes of all keypoints of the photos in a folder."""
    frames = (reference_frame(np.asarray(picture)) for picture in pictures_in(pool))
    found = [detect(gray, count=1000, contrast=0.015).descriptors for gray in frames]
    return encode(np.concatenate(found))


def references(photos: Path, pool: Path, count: int) -> Iterator[tuple[int, LocalSignature]]:
    pictures = pictures_in(photos)
    for number, picture in enumerate(pictures):
        signature = register_local(np.asarray(picture))
        if signature is not None:
            yield number, signature
    made = synthetic(codes_of(pool), max(0, count - len(pictures)))
    yield from enumerate(tqdm(made, "synthetic", total=count), start=1_000_000)


def build(photos: Path, pool: Path, count: int, directory: Path) -> None:
    start = time.process_time()
    pairs = list(references(photos, pool, count))
    made = time.process_time()
    LocalIndex.build(pairs, directory)
    size = sum(file.stat().st_size for file in directory.iterdir()) / 1e6
    print(
        f"{len(pairs):,} references made in {made - start:.0f} s CPU, built in "
        f"{time.process_time() - made:.0f} s CPU, {size:.0f} MB of files",
        flush=True,
    )


def search(photos: Path, directory: Path, queries: int) -> None:
    before, start = memory(), time.perf_counter()
    index = LocalIndex.open(directory)
    print(f"opened and verified in {time.perf_counter() - start:.1f} s")
    tables, rows, found, counts = index._tables, [], [], []
    for number, picture in enumerate(pictures_in(photos)[:queries]):
        copy = crop(picture, np.random.default_rng(number), area=0.5)
        pixels = np.asarray(resize(copy, np.random.default_rng(0), factor=512 / max(copy.size)))
        clock = Clock()
        with clock.measure("extract"):
            query = query_local(pixels)
        with clock.measure("search"):
            candidates = find_candidates(tables, query, 400)
        with clock.measure("verify"):
            weigh_candidates(tables, query, candidates)
        rows.append(clock.spent)
        counts.append(len(candidates))
        accepted = {m.id for m in index.search(query) if m.band is Band.ACCEPT}
        found.append((number in accepted, len(accepted - {number})))
    print_times(rows[1:], counts)
    print(
        f"found {sum(own for own, _ in found)} of {len(found)}, wrongly accepted "
        f"{sum(wrong for _, wrong in found)}; memory {memory() - before:.0f} MB (mapped files "
        f"included, which all processes of a host share)"
    )


def print_times(rows: list[dict[str, float]], counts: list[int]) -> None:
    for step in ("extract", "search", "verify"):
        times = [row[step] for row in rows]
        print(
            f"  {step:<10}{median(times):>8.1f} ms CPU median{np.percentile(times, 90):>8.1f} p90"
        )
    totals = [sum(row.values()) for row in rows]
    print(
        f"  {'together':<10}{median(totals):>8.1f} ms CPU median{np.percentile(totals, 90):>8.1f} "
        f"p90; {median(counts):.0f} candidates verified (median)"
    )


def memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.local_index")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--pool", type=Path, required=True, help="photos that lend their codes")
    parser.add_argument("--refs", type=float, default=100_000)
    parser.add_argument("--queries", type=int, default=30)
    parser.add_argument("--directory", type=Path, help="keep the snapshot here, or use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.directory or Path(scratch) / "snapshot"
        if not directory.exists():
            alone(build, options.photos, options.pool, int(options.refs), directory)
        alone(search, options.photos, directory, options.queries)


def alone(step: Callable[..., None], *given: Any) -> None:
    """Run a step in a fresh process, so that it is measured without the other's memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        process.submit(step, *given).result()


if __name__ == "__main__":
    main()
