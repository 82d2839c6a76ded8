"""Load on `serve` over HTTP: `python -m tests.benchmarks.http --photos DIR`.

A service of its own with a filled list answers uploads of photos in three sizes and hash look-ups,
a tenth of them known. Keys, limits and audit rows are as in production. Every answer is held
against the right one. The client shares the machine with the service; its CPU time is told apart.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.benchmarks.calls import ONE_IN, hash_calls, image_calls
from tests.benchmarks.curator import publishing
from tests.benchmarks.filled import Filled, fill
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.load import Call, Load, drive
from tests.benchmarks.metering import cpu_seconds, index_megabytes, megabytes
from tests.benchmarks.photos import hashing_seconds, resized
from tests.benchmarks.processes import Part

WARM_UP_SECONDS = 3.0
SIZES = {"500x375": (500, 375), "2000x1500": (2000, 1500), "4000x3000": (4000, 3000)}
FILES = {"500x375": 100, "2000x1500": 40, "4000x3000": 10}
SHOWN = (Part.WEB, Part.DECODERS, Part.POSTGRES, Part.VALKEY)
PEER = """\
The open peer (HMA 1.1.7, 1 M entries, two such cores, one OpenMP thread, 4 connections, no keys, \
no limits, no audit rows):
  photo uploads of 110 kB  169-171/s   p50  22 ms  p99 57-62 ms  CPU 10.7-11.3 ms per request
  photo uploads of 12 MP       4.4/s   p50 862 ms                CPU 448 ms
  hash look-ups            284-445/s   p50 9-14 ms p99 17-23 ms  CPU 3.8-4.2 ms
  655 MB per web worker for the index alone, 780 MB in all
"""
PEERS_RATES = {"500x375": 170.0, "4000x3000": 4.4, "hash look-up": 284.0}


@dataclass(frozen=True, slots=True)
class Workload:
    """Calls that go round and round; `hashing` is the CPU time of decode and hash in each."""

    name: str
    calls: Sequence[Call]
    hashing: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    load: Load
    cpu: Counter[Part]  # seconds by part of the service


@dataclass(frozen=True, slots=True)
class Measured:
    """Right answers a second, and the seconds within which 99 of 100 came."""

    rate: float
    slowest: float


def photo_workload(name: str, photos: Sequence[Path], filled: Filled) -> Workload:
    """Uploads at one size."""
    images = [resized(photo, SIZES[name]) for photo in photos[: FILES[name]]]
    kilobytes = sum(map(len, images)) / len(images) / 1e3
    calls = image_calls(filled, images)
    return Workload(f"{name} ({kilobytes:.0f} kB)", calls, hashing_seconds(images))


def measure(installed: Installation, seconds: float, connections: int, workload: Workload) -> Run:
    """Load from a fresh process, counted once everything is warm."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        load = partial(drive, installed.port, workload.calls, connections)
        process.submit(load, WARM_UP_SECONDS).result()
        before = cpu_seconds(installed)
        measured = process.submit(load, seconds).result()
        return Run(measured, cpu_seconds(installed) - before)


def report(measured: Iterable[tuple[Workload, Run]]) -> dict[str, Measured]:
    """Print a row for each."""
    told = {}
    print(
        f"{'workload':<20}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'errors':>7}{'wrong':>6}  CPU ms:"
        + "".join(f"{part:>9}" for part in (*SHOWN, "others", "client"))
        + f"{'hashing':>9}"
    )
    for workload, run in measured:
        print(_row(workload, run), flush=True)
        told[workload.name] = Measured(run.load.rate, run.load.quantile(0.99))
        for error, count in run.load.errors.items():
            print(f"    {error}: {count} times")
    return told


def _row(workload: Workload, run: Run) -> str:
    load, answered = run.load, max(1, len(run.load.latencies))
    spent = [run.cpu[part] / answered for part in SHOWN]
    spent.append(run.cpu.total() / answered - sum(spent))
    share = f"{workload.hashing / sum(spent):.0%}" if workload.hashing else "-"
    return (
        f"{workload.name:<20}{load.rate:>8.1f}{load.quantile(0.5) * 1e3:>8.1f}"
        f"{load.quantile(0.99) * 1e3:>8.1f}{load.errors.total():>7}{load.wrong:>6}         "
        + "".join(f"{each * 1e3:>9.2f}" for each in (*spent, load.cpu / answered))
        + f"{share:>9}"
    )


def benchmark(options: argparse.Namespace, installed: Installation) -> None:
    photos = sorted(path for path in options.photos.iterdir() if path.is_file())
    print(f"Filling a list with {int(options.entries):,} entries …", flush=True)
    filled = fill(installed, entries=int(options.entries), photos=photos[::ONE_IN])
    workloads = [photo_workload(name, photos, filled) for name in SIZES]
    workloads.append(Workload("hash look-up", hash_calls(filled)))
    with installed.serving():
        one = partial(measure, installed, options.seconds, options.connections)
        quiet = report((workload, one(workload)) for workload in workloads)
        _print_memory(installed)
        if options.publishing:
            print("\nWhile a curator approves, retires and publishes:")
            with publishing(installed):
                busy = report((workload, one(workload)) for workload in workloads)
            for name, run in busy.items():
                print(f"p99 with and without, {name}: {run.slowest / quiet[name].slowest:.2f}")
    print(f"\n{PEER}")
    _print_beside_peer(quiet)


def _print_beside_peer(measured: Mapping[str, Measured]) -> None:
    for name, rate in PEERS_RATES.items():
        ours = next(run.rate for workload, run in measured.items() if workload.startswith(name))
        print(f"{name:<20}{ours / rate:>6.1f} x the peer")


def _print_memory(installed: Installation) -> None:
    memory = {
        "each web process": megabytes(installed, Part.WEB),
        "    of that the index": index_megabytes(installed),
        "each decoder": megabytes(installed, Part.DECODERS),
    }
    for name, sizes in memory.items():
        print(f"MB of memory, {name:<21} {', '.join(f'{size:.0f}' for size in sizes)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.benchmarks.http")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
    parser.add_argument("--entries", type=float, default=1e6)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each workload")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument("--publishing", action="store_true", help="again, under a busy curator")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with installation(workers=options.workers) as installed:
        benchmark(options, installed)


if __name__ == "__main__":
    main()
