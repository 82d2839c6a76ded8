"""Time the index against FAISS: `python -m tests.benchmarks.index --size 1e6,1e7`.

Random hashes, a tenth of them in clusters, and for each of 64 queries one hash at every distance
from 0 to 40: a search is exact if precisely those up to 31 come back. Every step runs in a
process of its own on one thread. Builds and searches are measured in CPU time, which other work
on the machine distorts little. FAISS takes part if `faiss-cpu` is installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.index import DeltaIndex, HammingIndex, SquaredL2Index, build, warm_up

RADIUS = 31
PLANTED = range(41)
QUERIES = 64
MISSES = 2_000
JUDGED = 4
SECONDS = 4.0

Bytes = NDArray[np.uint8]
Search = Callable[[Bytes], list[int]]


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds and megabytes on disk."""

    cpu: float
    wall: float
    files: float = 0.0


@dataclass(frozen=True, slots=True)
class Searched:
    """Seconds until it can be searched, megabytes in memory, microseconds per query.

    `eight` is a miss of eight that are asked together, as the eight views of an upload are.
    """

    opened: float
    resident: float
    miss: float
    eight: float
    hit: float
    exact: bool


def make_data(directory: Path, count: int) -> None:
    """Write hashes, queries and misses as arrays for the processes that measure."""
    rng = np.random.default_rng(31)
    hashes = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    clustered = count // 10
    centres = hashes[rng.integers(0, max(1, count // 1_000), clustered)]
    hashes[:clustered] = centres ^ np.packbits(rng.random((clustered, 256)) < 16 / 256, axis=1)
    queries = rng.integers(0, 256, (QUERIES, 32), dtype=np.uint8)
    near = np.array([_flipped(rng, query, bits) for query in queries for bits in PLANTED])
    hashes[rng.choice(count, len(near), replace=False)] = near
    misses = rng.integers(0, 256, (MISSES, 32), dtype=np.uint8)
    for name, array in (("hashes", hashes), ("queries", queries), ("misses", misses)):
        np.save(directory / f"{name}.npy", array)


def _flipped(rng: np.random.Generator, value: Bytes, count: int) -> Bytes:
    bits = np.unpackbits(value)
    bits[rng.choice(256, count, replace=False)] ^= 1
    return np.packbits(bits)


def build_ours(data: Path) -> Built:
    """Write the snapshot, in a process that has its kernels ready."""
    warm_up()
    hashes = np.load(data / "hashes.npy")
    target = data / "snapshot"
    cpu, wall = time.process_time(), time.perf_counter()
    build(hashes, target)
    return Built(
        time.process_time() - cpu,
        time.perf_counter() - wall,
        sum(file.stat().st_size for file in target.iterdir()) / 1e6,
    )


def search_ours(data: Path, compiled: bool) -> Searched:
    """Open the snapshot with all checks, as a worker does."""
    warm_up()
    before, start = _resident(), time.perf_counter()
    index = HammingIndex.open(data / "snapshot", compiled=compiled)
    opened = time.perf_counter() - start
    return _searched(
        data, lambda queries: index.search_any(queries).distances.tolist(), opened, before
    )


def measure_faiss(data: Path, kind: str) -> tuple[Built, Searched]:
    """Build and search one of FAISS's exact indexes on one thread."""
    faiss: Any = importlib.import_module("faiss")
    faiss.omp_set_num_threads(1)
    hashes = np.load(data / "hashes.npy")
    before, cpu, wall = _resident(), time.process_time(), time.perf_counter()
    if kind == "IndexBinaryFlat":
        index = faiss.IndexBinaryFlat(256)
    else:
        index = faiss.IndexBinaryMultiHash(256, 16, 16)
        index.nflip = 1
    index.add(hashes)
    built = Built(time.process_time() - cpu, time.perf_counter() - wall)

    def search(queries: Bytes) -> list[int]:
        # FAISS excludes the radius itself.
        _limits, distances, _ids = index.range_search(queries.reshape(-1, 32), RADIUS + 1)
        found: list[int] = distances.tolist()
        return found

    return built, _searched(data, search, 0.0, before)


def _searched(data: Path, search: Search, opened: float, before: float) -> Searched:
    queries, misses = np.load(data / "queries.npy"), np.load(data / "misses.npy")
    exact = all(sorted(search(query)) == list(range(RADIUS + 1)) for query in queries)
    judged = all(
        sorted(search(query)) == brute_force(data, query)
        for query in (*queries[:JUDGED], *misses[:JUDGED])
    )
    return Searched(
        opened=opened,
        miss=_microseconds(search, misses),
        eight=_microseconds(search, misses.reshape(-1, 8, 32)) / 8,
        hit=_microseconds(search, queries),
        exact=exact and judged,
        resident=_resident() - before,
    )


def brute_force(data: Path, query: Bytes) -> list[int]:
    """The distances of all distinct hashes within the radius: the judge."""
    hashes = np.load(data / "hashes.npy", mmap_mode="r")
    near = []
    for start in range(0, len(hashes), 1 << 16):
        block = hashes[start : start + (1 << 16)]
        distances = np.bitwise_count(block.view(np.uint64) ^ query.view(np.uint64)).sum(axis=1)
        near += [
            (block[row].tobytes(), int(distances[row]))
            for row in np.flatnonzero(distances <= RADIUS)
        ]
    return sorted(dict(near).values())


def _microseconds(search: Search, queries: Bytes) -> float:
    """The median CPU time of a query, over as many as fit into the time."""
    for query in queries[: len(queries) // 10]:
        search(query)
    times = []
    deadline = time.perf_counter() + SECONDS
    for query in queries:
        start = time.process_time_ns()
        search(query)
        times.append((time.process_time_ns() - start) / 1e3)
        if time.perf_counter() > deadline:
            break
    return median(times)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_delta(count: int) -> float:
    """Microseconds per query of a delta."""
    rng = np.random.default_rng(7)
    delta = DeltaIndex()
    delta.add(rng.integers(0, 256, (count, 32), dtype=np.uint8))
    queries = rng.integers(0, 256, (1_000, 32), dtype=np.uint8)
    return _microseconds(lambda query: delta.search_any(query).distances.tolist(), queries)


def measure_photodna(count: int) -> float:
    """Microseconds per query over random PhotoDNA values."""
    rng = np.random.default_rng(8)
    index = SquaredL2Index(rng.integers(0, 256, (count, 144), dtype=np.uint8))
    queries = rng.integers(0, 256, (200, 144), dtype=np.uint8)
    return _microseconds(lambda query: index.search(query, 50_000)[1].tolist(), queries)


def alone(measure: Callable[..., Any], *arguments: Any) -> Any:
    """Run one step in a fresh process, so that none sees another's memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, *arguments).result()


def report(count: int, directory: Path) -> None:
    """Print the table for one size."""
    print(f"\n{count:,} hashes, radius {RADIUS}")
    print(
        f"{'index':<30}{'build CPU s':>12}{'wall s':>8}{'files MB':>10}{'open s':>8}"
        f"{'RSS MB':>8}{'miss µs':>10}{'eight µs':>10}{'hit µs':>10}{'exact':>7}"
    )
    make_data(directory, count)
    built = alone(build_ours, directory)
    for name, compiled in (("ours, numba", True), ("ours, NumPy", False)):
        _print_row(name, built, alone(search_ours, directory, compiled))
    if importlib.util.find_spec("faiss") is None:
        print("FAISS is not installed")
        return
    for kind in ("IndexBinaryFlat", "IndexBinaryMultiHash"):
        _print_row(f"FAISS {kind}", *alone(measure_faiss, directory, kind))


def _print_row(name: str, built: Built, searched: Searched) -> None:
    print(
        f"{name:<30}{built.cpu:>12.2f}{built.wall:>8.2f}{built.files:>10.0f}{searched.opened:>8.2f}"
        f"{searched.resident:>8.0f}{searched.miss:>10.1f}{searched.eight:>10.1f}{searched.hit:>10.0f}"
        f"{'yes' if searched.exact else 'NO':>7}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.benchmarks.index")
    parser.add_argument("--size", default="1e6", help="distinct hashes, e.g. 1e6,1e7")
    sizes = [int(float(size)) for size in parser.parse_args().size.split(",")]
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for count in sizes:
        with tempfile.TemporaryDirectory() as directory:
            report(count, Path(directory))
    print()
    for count in (1_000, 10_000, 50_000):
        print(f"delta of {count:,}: {alone(measure_delta, count):.0f} µs per query")
    print(f"1,000,000 PhotoDNA values: {alone(measure_photodna, 1_000_000) / 1e3:.2f} ms per query")


if __name__ == "__main__":
    main()
