"""A curator at work in a process of its own, seen from the process that measures."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from tests.benchmarks.installation import Installation

ACTS_PER_SECOND = 10
SECONDS_BETWEEN_SNAPSHOTS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A pending entry by its id, and its PDQ value in hexadecimal."""

    id: int
    pdq: str


class Curator:
    """Every order returns when its transaction has committed."""

    def __init__(self, installed: Installation) -> None:
        self._process = installed.start("tests.benchmarks.curating")

    def draft(self, count: int) -> list[Entry]:
        """New pending entries with random hashes."""
        return [Entry(**fields) for fields in self._order("draft", count)]

    def approve(self, entry: Entry) -> None:
        self._order("approve", entry.id)

    def retire(self, entry: Entry) -> None:
        self._order("retire", entry.id)

    def publish(self) -> None:
        """Build a snapshot and make it the current one."""
        self._order("publish", 0)

    def _order(self, verb: str, number: int) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{verb} {number}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


@contextmanager
def publishing(installed: Installation) -> Iterator[None]:
    """For a block, somebody approves, retires and publishes all the time."""
    ended = threading.Event()
    with Curator(installed) as curator:
        thread = threading.Thread(target=_work, args=(curator, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _work(curator: Curator, ended: threading.Event) -> None:
    while True:
        for number, entry in enumerate(curator.draft(ACTS_PER_SECOND * SECONDS_BETWEEN_SNAPSHOTS)):
            curator.approve(entry)
            if number % 2:
                curator.retire(entry)
            if ended.wait(1 / ACTS_PER_SECOND):
                return
        curator.publish()
