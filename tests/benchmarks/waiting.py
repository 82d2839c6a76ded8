"""`enhance=async` while workers are killed: `python -m tests.benchmarks.waiting --photos DIR`.

A service of its own knows the first half of the photos by their parts. Crops of all of them are
sent with `enhance=async`, while again and again a process of the worker gets SIGKILL, its main
process or a child. In the end every submission must have its complete verdict, no match may stand
twice, and no spooled byte may be left.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.enhance import copies
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.load import connect, exchange, parts_call
from tests.benchmarks.processes import Part, processes
from tests.benchmarks.robustness import pictures_in

OTHER_WORKERS = ("courier@%h", "sealer@%h")
LONGEST_WAIT_SECONDS = 240.0


@dataclass
class Asked:
    """The images and what must come of them."""

    images: Sequence[bytes]
    verdicts: Sequence[str]
    submissions: list[tuple[str, str]] = field(default_factory=list)

    def send(self, installed: Installation, secret: str, count: int) -> None:
        connection = connect(installed.port)
        for number in range(count):
            place = number % len(self.images)
            status, body = exchange(connection, parts_call(secret, self.images[place], "async"))
            answer = json.loads(body)
            assert (status, answer["pending"]) == (200, ["partial"]), body
            self.submissions.append((answer["submission_id"], self.verdicts[place]))
        connection.close()


@contextmanager
def killing(installed: Installation, every: float) -> Iterator[list[int]]:
    """Kill processes of the worker until the block ends; the pids of those that were killed."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        rng = random.Random(7)
        while not over.wait(every):
            alive = [process.pid for process in workers(installed)]
            if alive:
                victim = rng.choice(alive)
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(victim).kill()
                    killed.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def workers(installed: Installation) -> Iterator[psutil.Process]:
    """The worker that looks for parts: its main process and its children."""
    for part, process in processes(installed):
        if part is Part.WORKER and not set(OTHER_WORKERS) & set(process.info["cmdline"] or ()):
            yield process


def read(installed: Installation, secret: str, submission: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", installed.port, timeout=60)
    headers = {"Authorization": f"Bearer {secret}"}
    connection.request("GET", f"/v1/submissions/{submission}", headers=headers)
    answer = json.load(connection.getresponse())
    connection.close()
    return answer


def judged(installed: Installation, secret: str, asked: Asked) -> Counter[str]:
    """What became of the submissions, once nothing is pending any more or nobody waits longer."""
    counts: Counter[str] = Counter()
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    for submission, verdict in asked.submissions:
        answer = read(installed, secret, submission)
        while answer["pending"] and time.monotonic() < deadline:
            time.sleep(0.5)
            answer = read(installed, secret, submission)
        counts["pending"] += bool(answer["pending"])
        counts["doubled"] += len(answer["matches"]) > 1
        if answer["verdict"] == verdict and not answer["pending"]:
            counts["right"] += 1
        else:
            counts[f"{answer['verdict']} {answer['not_checked_reason'] or ''}".strip()] += 1
    return counts


def trial(options: argparse.Namespace, installed: Installation, folder: Path) -> None:
    photos = sorted(options.photos.iterdir())[: options.different]
    known = folder / "known"
    known.mkdir()
    for photo in photos[: len(photos) // 2]:
        (known / photo.name).symlink_to(photo.resolve())
    signatures = folder / "signatures.jsonl"
    installed.run("manage", "hash_images", str(known), "--out", str(signatures))
    secret = installed.run("tests.benchmarks.parts_filling", str(signatures)).strip()
    images = list(copies(pictures_in(options.photos)[: options.different]))
    half = len(images) // 2
    asked = Asked(images, ["match"] * half + ["no_known_match"] * (len(images) - half))
    with installed.serving():
        with killing(installed, options.every) as killed:
            asked.send(installed, secret, options.count)
        counts = judged(installed, secret, asked)
        left = [path for path in (installed.folder / "spool").rglob("*") if path.is_file()]
    print(
        f"{len(asked.submissions)} images, {len(killed)} processes of the worker killed: "
        f"{dict(counts)}, {len(left)} spooled files left"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.benchmarks.waiting")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR")
    parser.add_argument("--different", type=int, default=20, help="photos that are used")
    parser.add_argument("--count", type=int, default=200, help="images that are sent")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two kills")
    options = parser.parse_args()
    with (
        installation(workers=1) as installed,
        tempfile.TemporaryDirectory() as folder,
    ):
        trial(options, installed, Path(folder))


if __name__ == "__main__":
    main()
