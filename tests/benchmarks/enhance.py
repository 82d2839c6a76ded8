"""What a call with `enhance` costs over HTTP: `python -m tests.benchmarks.enhance --photos DIR`.

A service of its own knows the photos by their parts, filled up with `--others` and rendered
pictures to `--refs`, and with `--segment N` also synthetic references. It is asked for crops that
keep half of a photo, 512 pixels wide or high, one after the other. CPU time is that of threads as
the kernel counts it, in nanoseconds. Afterwards: what memory the processes take that have the
index of parts, and how much of it are its files, which they share.

Registering 500 pictures takes minutes: `--signatures FILE` keeps them for the next run.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import mean, median

import numpy as np
import psutil  # type: ignore[import-untyped]

from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.load import connect, exchange, parts_call, verdict_in
from tests.benchmarks.manipulations import Picture, crop, resize
from tests.benchmarks.metering import mapped_megabytes
from tests.benchmarks.processes import Part, processes
from tests.benchmarks.robustness import pictures_in
from tests.pictures import render_picture

SIDE = 512
WARM_UP = 12
SHOWN = (Part.WEB, Part.DECODERS, Part.POSTGRES)


def references(photos: Path, others: Path | None, count: int, folder: Path) -> None:
    """Put `count` pictures into the folder: links to the photos, then others, then rendered."""
    known = [*sorted(photos.iterdir()), *(sorted(others.iterdir()) if others else [])][:count]
    for number, path in enumerate(known):
        (folder / f"{number:05}{path.suffix}").symlink_to(path.resolve())
    for number in range(len(known), count):
        render_picture(number, (480, 360)).save(folder / f"{number:05}.png")


def signatures_of(options: argparse.Namespace, installed: Installation, folder: Path) -> Path:
    """What `hash_images` writes of the references."""
    kept: Path = options.signatures or folder / "signatures.jsonl"
    if not kept.exists():
        pictures = folder / "pictures"
        pictures.mkdir()
        references(options.photos, options.others, options.refs, pictures)
        installed.run("manage", "hash_images", str(pictures), "--out", str(kept))
    return kept


def copies(photos: Sequence[Picture]) -> Iterator[bytes]:
    """JPEGs of half of each photo, the longest side 512."""
    for number, photo in enumerate(photos):
        part = crop(photo, np.random.default_rng(number), area=0.5)
        picture = resize(part, np.random.default_rng(0), factor=SIDE / max(part.size))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=90)
        yield file.getvalue()


class Meter:
    """CPU milliseconds by part of the service, of the processes that there are now."""

    def __init__(self, installed: Installation) -> None:
        self._pids = [(part, process.pid) for part, process in processes(installed)]

    def read(self) -> dict[Part, float]:
        spent = dict.fromkeys(Part, 0.0)
        for part, pid in self._pids:
            with suppress(FileNotFoundError, ProcessLookupError):
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    nanoseconds = int((thread / "schedstat").read_text().split()[0])
                    spent[part] += nanoseconds / 1e6
        return spent


def ask(installed: Installation, secret: str, images: Sequence[bytes]) -> None:
    connection = connect(installed.port)
    for data in images[:WARM_UP]:
        exchange(connection, parts_call(secret, data))
    meter, found, rows = Meter(installed), 0, []
    for data in images:
        before = meter.read()
        status, body = exchange(connection, parts_call(secret, data))
        after = meter.read()
        rows.append({part: after[part] - before[part] for part in Part})
        found += status == 200 and verdict_in(body) == "match"
    connection.close()
    report(rows, found)


def report(rows: Sequence[dict[Part, float]], found: int) -> None:
    print(f"found {found} of {len(rows)}; CPU ms a call: median, mean, 90th percentile")
    of_search = [row[Part.WEB] + row[Part.DECODERS] for row in rows]
    for name, times in (
        *((part.value, [row[part] for row in rows]) for part in SHOWN),
        ("web + decoders", of_search),
        ("everything", [sum(row.values()) for row in rows]),
    ):
        high = float(np.percentile(times, 90))
        print(f"  {name:<16}{median(times):>8.1f}{mean(times):>8.1f}{high:>8.1f}")


def wake(installed: Installation, secret: str, images: Sequence[bytes]) -> None:
    """Let every web process load the index: each takes some of so many connections."""
    for data in images[:WARM_UP]:
        connection = connect(installed.port)
        exchange(connection, parts_call(secret, data))
        connection.close()


def print_memory(installed: Installation) -> None:
    folder = str(installed.folder / "index")
    print("MB: of the index files (each one's share), of all else (what is shared, by its share)")
    shares = []
    for part, process in processes(installed):
        with suppress(psutil.NoSuchProcess):
            share, everything = mapped_megabytes(process, folder), mapped_megabytes(process, "")
            if share or part is Part.DECODERS:
                print(f"  {part.value:<12}{share:>8.0f}{everything - share:>8.0f}")
            shares.append(share)
    print(f"  index files in memory on this host, all processes together: {sum(shares):.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.benchmarks.enhance")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
    parser.add_argument("--others", type=Path, metavar="DIR")
    parser.add_argument("--refs", type=int, default=500)
    parser.add_argument("--segment", type=float, default=0, help="synthetic references besides")
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument("--signatures", type=Path, help="keep them here, or use them again")
    options = parser.parse_args()
    with (
        installation(workers=options.workers) as installed,
        tempfile.TemporaryDirectory() as folder,
    ):
        signatures = signatures_of(options, installed, Path(folder))
        more = ("--segment", str(int(options.segment)), "--pool", str(options.photos))
        secret = installed.run(
            "tests.benchmarks.parts_filling", str(signatures), *(more if options.segment else ())
        ).strip()
        images = list(copies(pictures_in(options.photos)[: options.queries]))
        with installed.serving():
            ask(installed, secret, images)
            wake(installed, secret, images)
            print_memory(installed)


if __name__ == "__main__":
    main()
