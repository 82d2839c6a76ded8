"""How fast files come into a list: `python -m tests.benchmarks.imports [--rows N] [--format F …]`.

On a PostgreSQL of its own. Every record is new, as in the first delivery of a list, and the file is
imported once more after that, when nothing is. Prints wall time, and the CPU time of this process
and of its database session, for a machine that has other things to do; and the peak of memory.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.installation import installation

CURATORS = ("adder", "approver")
MAPPING = {"violations": {"1": "A1"}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.imports")
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=200_000)
    parser.add_argument("--format", nargs="*", choices=WRITERS, default=list(WRITERS))
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        _measure(options.inside, options.rows)
        return
    for name in options.format:
        with installation(workers=1) as installed:
            path = installed.folder / f"list.{name}"
            with path.open("wb") as file:
                file.writelines(WRITERS[name](options.rows))
            arguments = ("--inside", str(path), "--rows", str(options.rows))
            print(installed.run("tests.benchmarks.imports", *arguments), end="", flush=True)


def _measure(path: Path, rows: int) -> None:
    import tests.benchmarks.configured  # noqa: F401, PLC0415 only with servers about
    from tests.benchmarks.importing import imported, prepared  # noqa: PLC0415

    hash_list, curator = prepared()
    name = path.name.removeprefix("list.")
    for turn in ("new", "repeated"):
        started, before = time.perf_counter(), _cpu_seconds()
        database = imported(path, name, hash_list, curator, MAPPING)
        wall, here = time.perf_counter() - started, _cpu_seconds() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name:<15} {turn:<9} {rows:>9,} rows: {wall:7.1f} s, {rows / wall:9,.0f} rows/s; "
            f"CPU {here:6.1f} s here, {database:6.1f} s in PostgreSQL; peak {peak:4.0f} MB"
        )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _records(rows: int) -> Iterator[dict[str, Any]]:
    """Invented pictures: every number gives other hashes, half of each PDQ's bits are set."""
    noise = np.random.default_rng(31)
    for start in range(0, rows, 10_000):
        halves = noise.integers(0, 256, (10_000, 16), dtype=np.uint8)
        for number, half in zip(range(start, min(start + 10_000, rows)), halves, strict=False):
            digest = hashlib.sha512(str(number).encode()).hexdigest()
            yield {
                "number": number,
                "md5": digest[:32],
                "sha1": digest[32:72],
                "sha256": digest[64:128],
                "pdq": half.tobytes().hex() + (255 - half).tobytes().hex(),
            }


def _signatures(rows: int) -> Iterator[bytes]:
    for record in _records(rows):
        record["file"] = f"{record.pop('number')}.jpg"
        whole = record | {"pdq_quality": 100, "width": 640, "height": 480}
        yield json.dumps(whole).encode() + b"\n"


def _csv(rows: int) -> Iterator[bytes]:
    yield b"external_id,sha256,sha1,md5,pdq,photodna,pdq_quality,violation\n"
    for record in _records(rows):
        row = "{number},{sha256},{sha1},{md5},{pdq},,100,1\n".format(**record)
        yield row.encode()


def _ncmec(rows: int) -> Iterator[bytes]:
    yield b'<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images>\n'
    for record in _records(rows):
        yield (
            '<image><member id="7">Invented</member><timestamp>2026-01-02T03:00:00Z</timestamp>'
            "<id>inv-{number}</id><classification>A1</classification><fingerprints><md5>{md5}</md5>"
            "<sha1>{sha1}</sha1><pdq>{pdq}</pdq></fingerprints></image>\n".format(**record)
        ).encode()
    yield b"</images></queryResult>"


def _vics(rows: int) -> Iterator[bytes]:
    yield b'{"@odata.context": "2.0", "value": ['
    for record in _records(rows):
        media = {"MediaID": record["number"], "Category": 1, "MD5": record["md5"].upper()}
        media |= {"SHA1": record["sha1"].upper(), "IsPrecategorized": "false", "Series": ""}
        yield (b",\n" if record["number"] else b"") + json.dumps(media).encode()
    yield b"]}"


def _old_vics(rows: int) -> Iterator[bytes]:
    yield b'{"odata.metadata": "1.3", "value": ['
    yield from itertools.islice(_vics(rows), 1, None)


def _stopncii(rows: int) -> Iterator[bytes]:
    yield b'{"hashRecords": ['
    for record in _records(rows):
        one = {"signalType": "ImagePDQ", "hashValue": record["pdq"], "hashStatus": "Active"}
        yield (b",\n" if record["number"] else b"") + json.dumps(one).encode()
    yield b"]}"


def _threatexchange(rows: int) -> Iterator[bytes]:
    yield b"signal_type,signal_str,collab,category,tags\n"
    yield from (
        f"pdq,{record['pdq']},Invented,POSITIVE_CLASS,A1\n".encode() for record in _records(rows)
    )


def _signals(rows: int) -> Iterator[bytes]:
    yield from (f"pdq {record['pdq']}\n".encode() for record in _records(rows))


WRITERS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "signatures": _signatures,
    "csv": _csv,
    "ncmec": _ncmec,
    "vics": _vics,
    "vics-1.3": _old_vics,
    "stopncii": _stopncii,
    "threatexchange": _threatexchange,
    "signals": _signals,
}

if __name__ == "__main__":
    main()
