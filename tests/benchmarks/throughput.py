"""How fast batches are worked off, against hashing alone: `python -m tests.benchmarks.throughput`.

The same JPEGs are hashed by two bare processes, and handed over in NDJSON to a service that works
on them with all that belongs to it: encrypted spool, search, verdicts, audit events, usage. The
ratio by the wall tells what the machine is left idle for, the ratio by CPU what the rest costs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from typing import Final

from matching.hashing import query_image
from tests.benchmarks.batches import Item, as_lines, commented, submit
from tests.benchmarks.client import Client
from tests.benchmarks.filled import fill
from tests.benchmarks.hashing import SIZES, camera_jpeg
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.metering import cpu_seconds
from tests.pictures import render_picture

CORES: Final = 2
WARM_UP: Final = 5
SCENES: Final = 8
ITEMS: Final = {"500x375": 2_000, "3 MP": 300, "12 MP": 60}
FINISHED = "SELECT extract(epoch FROM finished_at - created_at) FROM matching_batch"
FINISHED += " WHERE public_id = %s"


def jpegs(name: str) -> list[bytes]:
    """Files that differ in a comment at least."""
    size = SIZES[name]
    scenes = [camera_jpeg(render_picture(seed, size), size, seed) for seed in range(SCENES)]
    return [commented(scenes[n % SCENES], f"number {n}") for n in range(ITEMS[name])]


def hash_all(pipe: Connection, images: Sequence[bytes]) -> None:
    """In a process of its own: warm up, wait for the word, and tell the CPU seconds."""
    for data in images[:WARM_UP]:
        query_image(data)
    pipe.send("ready")
    pipe.recv()
    began = time.process_time()
    for data in images:
        query_image(data)
    pipe.send(time.process_time() - began)


def hashing_alone(images: Sequence[bytes]) -> tuple[float, float]:
    """Images a second on two cores, and CPU milliseconds of each.

    The processes have their images before the clock starts: no time goes into handing them over.
    """
    pipes = [_hashing(images[start::CORES]) for start in range(CORES)]
    for pipe in pipes:
        pipe.recv()
    began = time.perf_counter()
    for pipe in pipes:
        pipe.send("go")
    spent = sum(pipe.recv() for pipe in pipes)
    seconds = time.perf_counter() - began
    return len(images) / seconds, spent / len(images) * 1e3


def _hashing(images: Sequence[bytes]) -> Connection:
    ours, theirs = Pipe()
    get_context("spawn").Process(target=hash_all, args=(theirs, images), daemon=True).start()
    return ours


def batch(installed: Installation, client: Client, images: Sequence[bytes]) -> tuple[float, float]:
    """The same of a batch, from its acceptance to its end; the CPU time of all processes.

    What workers spent in the moment before the submitter had its answer is not in that.
    """
    items = [Item(str(number), data, "") for number, data in enumerate(images)]
    content_type, body = as_lines(items)
    name = submit(client, content_type, body)
    before = cpu_seconds(installed)
    while (seconds := _finished(installed, name)) is None:
        time.sleep(0.25)
    spent = (cpu_seconds(installed) - before).total()
    return len(images) / seconds, spent / len(images) * 1e3


def _finished(installed: Installation, name: str) -> float | None:
    with installed.rows() as connection:
        row = connection.execute(FINISHED, [name]).fetchone()
    return float(row[0]) if row and row[0] is not None else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=float, default=1e4)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with installation(workers=1) as installed:
        filled = fill(installed, entries=int(options.entries))
        with installed.serving():
            client = Client(installed.port, filled.secret)
            batch(installed, client, jpegs("500x375")[:100])  # decoders start, caches fill
            for name in options.sizes:
                images = jpegs(name)
                alone, alone_ms = hashing_alone(images)
                rate, ms = batch(installed, client, images)
                print(
                    f"{name:>8}: hashing alone {alone:6.0f}/s, {alone_ms:6.2f} ms CPU; batch"
                    f" {rate:6.0f}/s, {ms:6.2f} ms CPU; {rate / alone:.0%} by the wall,"
                    f" {alone_ms / ms:.0%} by CPU",
                    flush=True,
                )


if __name__ == "__main__":
    main()
