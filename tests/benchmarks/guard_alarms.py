"""How often guards raise a false alarm: `python -m tests.benchmarks.guard_alarms --photos DIR …`.

Every photo is registered as it is and in its usual edits, each as an entry of its own. No such
entry is degenerate, and none may lie within reach of a canary: neither of those that the service
paints, nor of any other photo, were all of them canaries with their edits.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hashservice import embedded
from hashservice.demo.copies import ALTERATIONS
from matching.hashing import (
    MIN_QUALITY,
    PDQ_RADIUS,
    Signal,
    SignalInvalid,
    SignalType,
    hash_image,
    query_image,
)
from matching.pictures import as_bytes, render_picture

SHIPPED, FIRST_SEED, EDITS = 64, 90_000, ALTERATIONS[:4]  # as in hashservice/canaries.py
FARTHEST = 256

Hashes = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """What lists would hold of a picture in all its edits, and what a canary of it looks for."""

    listed: list[bytes]
    flat: int
    degenerate: int
    sought: Hashes


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.guard_alarms")
    parser.add_argument("--photos", type=Path, nargs="+", required=True)
    photos = sorted(path for folder in parser.parse_args().photos for path in folder.iterdir())
    with ProcessPoolExecutor(2) as pool:
        listed = list(pool.map(of_file, photos, chunksize=8))
        painted = np.concatenate(list(pool.map(sought_of_painted, range(SHIPPED))))
    entries = sum(len(one.listed) + one.flat + one.degenerate for one in listed)
    flat, degenerate = sum(one.flat for one in listed), sum(one.degenerate for one in listed)
    print(f"{len(photos)} photos, {entries} entries: {degenerate} refused as degenerate,")
    print(f"{flat} without a PDQ of quality {MIN_QUALITY};")
    for name, distances in (
        ("the painted canaries", [nearest(one.listed, painted) for one in listed]),
        ("the other photos", list(nearest_others(listed))),
    ):
        alarms = sum(distance <= PDQ_RADIUS for distance in distances)
        print(f"{alarms} alarms by {name}, the nearest at {min(distances)} bits")


def of_file(path: Path) -> Picture:
    data = path.read_bytes()
    listed: list[bytes] = []
    flat = degenerate = 0
    for edit in ALTERATIONS:
        hashed = hash_image(edit.apply(data))
        if hashed.pdq.quality < MIN_QUALITY:
            flat += 1
        elif is_degenerate(hashed.pdq.value):
            degenerate += 1
        else:
            listed.append(hashed.pdq.value)
    return Picture(listed, flat, degenerate, sought_of(data))


def is_degenerate(pdq: bytes) -> bool:
    from matching.curation.screening import check_signal  # noqa: PLC0415 needs Django

    try:
        check_signal(Signal(SignalType.PDQ, pdq, 100))
    except SignalInvalid:
        return True
    return False


def sought_of(data: bytes) -> Hashes:
    return np.concatenate([query_image(edit.apply(data)).trusted() for edit in EDITS])


def sought_of_painted(number: int) -> Hashes:
    return sought_of(as_bytes(render_picture(FIRST_SEED + number), "JPEG", quality=90))


def nearest_others(listed: list[Picture]) -> Iterator[int]:
    """Of each photo the distance to the nearest other one, FARTHEST where it has no hash."""
    for one in listed:
        others = [other.sought for other in listed if other is not one]
        yield nearest(one.listed, np.concatenate(others))


def nearest(values: list[bytes], hashes: Hashes) -> int:
    """The least distance between any of the values and any of the hashes, in bits."""
    words = hashes.view(np.uint64)
    distances = [
        int(np.bitwise_count(words ^ np.frombuffer(value, np.uint64)).sum(axis=1).min())
        for value in values
    ]
    return min(distances, default=FARTHEST)


if __name__ == "__main__":
    embedded.provide_nothing(os.environ)
    import tests.benchmarks.configured  # noqa: F401 the screening needs Django's settings

    main()
