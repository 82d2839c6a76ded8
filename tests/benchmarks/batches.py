"""Batches while workers and broker die: is every item answered, each once, and soon again?

    python -m tests.benchmarks.batches --items 5000

A service of its own takes batches over HTTP, a form, a ZIP and NDJSON in turn, a tenth of the
images known. Whenever some more items are done the next fault strikes. Told is how long no item was
finished after each; held against the database and the results is that nothing was lost, doubled or
left over. Ends with 1 when something was.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from hashservice.demo.copies import rendered_pictures
from tests.benchmarks import faults
from tests.benchmarks.client import Client
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.processes import Part
from tests.pictures import as_bytes, render_picture

BATCHES: Final = 5
ONE_IN: Final = 10
UNKNOWN, FIRST_UNKNOWN = 40, 500
SIZE = (320, 240)
RESUMED_WITHIN_SECONDS: Final = 75.0
PATIENCE_SECONDS: Final = 300.0
BOUNDARY = "a-boundary-between-files"

Fault = Callable[[Installation], int]
FAULTS: Final[Mapping[str, Fault]] = {
    "a decoder or worker process killed": lambda at: faults.kill_one(at, Part.WORKER),
    "all workers killed": lambda at: faults.kill(at, Part.WORKER),
    "broker emptied": faults.wipe_broker,
    "broker killed": faults.kill_broker,
    "all workers killed, broker emptied": lambda at: (
        faults.kill(at, Part.WORKER) + faults.wipe_broker(at)
    ),
    "scheduler killed, broker emptied": lambda at: (
        faults.kill(at, Part.BEAT) + faults.wipe_broker(at)
    ),
    "all workers and the broker killed": lambda at: (
        faults.kill_broker(at) + faults.kill(at, Part.WORKER)
    ),
    "PostgreSQL killed": lambda at: faults.kill(at, Part.POSTGRES),
}


@dataclass(frozen=True, slots=True)
class Item:
    """An image no other item has, byte for byte, and the verdict that is right."""

    name: str
    data: bytes
    verdict: str


@dataclass(frozen=True, slots=True)
class Struck:
    fault: str
    at: datetime
    done: int


def items(count: int) -> Iterator[Item]:
    """Small JPEGs of painted scenes; a comment makes each the only one of its kind."""
    known = rendered_pictures().known
    unknown = [
        as_bytes(render_picture(seed, SIZE), "JPEG", quality=85)
        for seed in range(FIRST_UNKNOWN, FIRST_UNKNOWN + UNKNOWN)
    ]
    for number in range(count):
        is_known = number % ONE_IN == 0
        pictures = known if is_known else unknown
        data = commented(pictures[number // ONE_IN % len(pictures)], f"number {number}")
        yield Item(f"item-{number}.jpg", data, "match" if is_known else "no_known_match")


def commented(jpeg: bytes, comment: str) -> bytes:
    """The same picture with a comment behind the start of image (ITU T.81, B.2.4.5)."""
    text = comment.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text + jpeg[2:]


# --- The three shapes of a batch ---


def as_form(some: Sequence[Item]) -> tuple[str, bytes]:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; '
        f'filename="{item.name}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
        + item.data
        + b"\r\n"
        for item in some
    ]
    return (
        f"multipart/form-data; boundary={BOUNDARY}",
        b"".join(parts) + f"--{BOUNDARY}--\r\n".encode(),
    )


def as_zip(some: Sequence[Item]) -> tuple[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for item in some:
            archive.writestr(item.name, item.data)
    return "application/zip", packed.getvalue()


def as_lines(some: Sequence[Item]) -> tuple[str, bytes]:
    rows = [{"content_id": item.name, "image": b64encode(item.data).decode()} for item in some]
    return "application/x-ndjson", "\n".join(map(json.dumps, rows)).encode()


SHAPES = (as_form, as_zip, as_lines)


def submit(client: Client, content_type: str, body: bytes) -> str:
    """The id of the batch."""
    return str(json.loads(client.ask("POST", "/v1/batches", body, content_type))["batch_id"])


def results(client: Client, batch_id: str) -> list[dict[str, Any]]:
    answer = client.ask("GET", f"/v1/batches/{batch_id}/results")
    return [json.loads(line) for line in answer.splitlines()]


class Watch:
    """What the database says of the batches, asked anew where it was killed meanwhile."""

    def __init__(self, installed: Installation) -> None:
        self._installed = installed

    def one(self, statement: str) -> Any:
        [[value]] = self.all(statement)
        return value

    def all(self, statement: str) -> list[tuple[Any, ...]]:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._installed.rows() as connection:
                    return connection.execute(statement).fetchall()
            except faults.NO_DATABASE:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def done(self) -> int:
        return int(
            self.one(
                "SELECT coalesce(sum(size), 0) FROM matching_batchlot WHERE done_at IS NOT NULL"
            )
        )

    def unfinished(self) -> int:
        return int(self.one("SELECT count(*) FROM matching_batch WHERE finished_at IS NULL"))


def strike_until_done(installed: Installation, watch: Watch, total: int) -> list[Struck]:
    """Each fault once, spread over the items; returns when every batch is finished."""
    waiting, struck = list(FAULTS.items()), list[Struck]()
    end = time.monotonic() + len(FAULTS) * PATIENCE_SECONDS
    while watch.unfinished():
        if time.monotonic() > end:
            raise TimeoutError(f"{watch.done()} of {total} items are done, and no more")
        done = watch.done()
        if waiting and done >= total * (len(struck) + 1) // (len(FAULTS) + 1):
            name, fault = waiting.pop(0)
            struck.append(Struck(name, datetime.now(UTC), done))
            fault(installed)
            print(f"at {done} items: {name}", flush=True)
        time.sleep(0.05)
    return struck


def standstills(struck: Sequence[Struck], watch: Watch) -> list[float]:
    """The longest time without a finished item, by fault, until the next one struck."""
    rows = watch.all("SELECT done_at FROM matching_batchlot ORDER BY done_at")
    done = [at for (at,) in rows]
    ends = [*(each.at for each in struck[1:]), done[-1]]
    return [
        max(
            (
                (later - before).total_seconds()
                for before, later in pairwise(
                    [one.at, *(at for at in done if one.at < at <= end), end]
                )
            ),
            default=0.0,
        )
        for one, end in zip(struck, ends, strict=True)
    ]


def wrong_results(client: Client, names: Sequence[str], parts: Sequence[Sequence[Item]]) -> int:
    """Results that are missing, too many, of another item, or not the verdict that is right."""
    wrong = 0
    for name, part in zip(names, parts, strict=True):
        got = [(line.get("content_id"), line.get("verdict")) for line in results(client, name)]
        wanted = [(item.name, item.verdict) for item in part]
        wrong += sum(one != other for one, other in zip(got, wanted, strict=False))
        wrong += abs(len(got) - len(wanted))
    return wrong


def surplus(watch: Watch, installed: Installation, total: int) -> dict[str, int]:
    """What there is too much or too little of, by name; all zero when nothing was lost."""
    told = "SELECT sum(jsonb_array_length(data -> 'submissions')) FROM tenants_auditevent"
    told += " WHERE action IN ('image.matched', 'image.checked')"
    ended = "SELECT count(*) FROM tenants_auditevent WHERE action = 'batch.finished'"
    keys = "SELECT count(*) FROM matching_batch WHERE spool_key IS NOT NULL"
    spool = installed.folder / "spool"
    return {
        "submissions": watch.one("SELECT count(*) FROM matching_submission") - total,
        "submissions told by audit events": int(watch.one(told)) - total,
        "events of finished batches": watch.one(ended) - BATCHES,
        "keys of the spool": watch.one(keys),
        "files in the spool": sum(path.is_file() for path in spool.rglob("*")),
    }


def trial(count: int) -> bool:
    """Whether all was as it should be."""
    every = list(items(count))
    size = -(-count // BATCHES)
    parts = [every[start : start + size] for start in range(0, count, size)]
    with installation(workers=1) as installed:
        secret = installed.run("tests.hashservice.installed_cast").strip()
        with installed.serving():
            client, watch = Client(installed.port, secret), Watch(installed)
            began = time.monotonic()
            names = [
                submit(client, *SHAPES[number % len(SHAPES)](part))
                for number, part in enumerate(parts)
            ]
            print(f"{count} items accepted in {time.monotonic() - began:.1f} s", flush=True)
            struck = strike_until_done(installed, watch, count)
            seconds = time.monotonic() - began
            stood = standstills(struck, watch)
            wrong = wrong_results(client, names, parts)
            left = surplus(watch, installed, count)
    print(f"{count} items in {seconds:.1f} s, {len(struck)} of {len(FAULTS)} faults")
    for one, stand in zip(struck, stood, strict=True):
        print(f"  {stand:6.1f} s without an item after: {one.fault}")
    print(f"results wrong, missing or too many: {wrong}; beyond what belongs there: {left}")
    return (
        not wrong
        and not any(left.values())
        and len(struck) == len(FAULTS)
        and max(stood) <= RESUMED_WITHIN_SECONDS
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5_000)
    sys.exit(not trial(parser.parse_args().items))
