"""How soon curation holds: `python -m tests.benchmarks.freshness --rounds 200 --workers 4`.

Under steady load a curator in another process approves and retires entries, one by one. As soon as
that transaction is acknowledged, a dozen new connections ask about the entry at the same time, so
that every web process is soon among those who answer. An answer that does not know of the change
yet is a miss; there must be none.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from tests.benchmarks.calls import MATCH, NO_MATCH, hash_calls
from tests.benchmarks.curator import Curator, Entry
from tests.benchmarks.filled import Filled, fill
from tests.benchmarks.installation import installation
from tests.benchmarks.load import Call, connect, drive, exchange, hash_call, verdict_in

ASKERS = 12
HOUR = 3600.0
PEER = """\
The open peer (HMA 1.1.7) at 1 M entries: an added hash matches after 72, 92, 94 s; a removed one \
stops after 0.01-0.02 s (by another of its routes after 57-68 s)."""


@dataclass(slots=True)
class Tally:
    """Seconds from the acknowledgement to the first right answer and to the right answer of all."""

    first: list[float] = field(default_factory=list)
    all: list[float] = field(default_factory=list)
    misses: int = 0

    def add(self, answers: list[Answer]) -> None:
        self.first.append(min(answer.seconds for answer in answers))
        self.all.append(max(answer.seconds for answer in answers))
        self.misses += sum(answer.misses for answer in answers)


@dataclass(frozen=True, slots=True)
class Answer:
    """When the right answer came, and how many wrong ones before it."""

    seconds: float
    misses: int


def ask(port: int, call: Call, since: float) -> Answer:
    """Ask on a new connection until the answer is right."""
    misses = 0
    while True:
        connection = connect(port)
        status, body = exchange(connection, call.request)
        connection.close()
        if status != 200:
            raise ConnectionError(f"answered with {status}")
        if verdict_in(body) == call.verdict:
            return Answer(time.perf_counter() - since, misses)
        misses += 1


class Rounds:
    """One curator's act after the other, each looked at by everybody at once."""

    def __init__(self, port: int, curator: Curator, filled: Filled) -> None:
        self._port = port
        self._curator = curator
        self._secret = filled.secret

    def run(self, rounds: int) -> dict[str, Tally]:
        tallies = {"approvals": Tally(), "retirements": Tally()}
        with ThreadPoolExecutor(ASKERS) as askers:
            for entry in self._curator.draft(rounds):
                act = partial(self._round, askers, entry)
                tallies["approvals"].add(act(self._curator.approve, MATCH))
                tallies["retirements"].add(act(self._curator.retire, NO_MATCH))
        return tallies

    def _round(
        self,
        askers: ThreadPoolExecutor,
        entry: Entry,
        act: Callable[[Entry], None],
        verdict: str,
    ) -> list[Answer]:
        call = hash_call(self._secret, entry.pdq, verdict)
        act(entry)
        since = time.perf_counter()
        return list(askers.map(lambda _: ask(self._port, call, since), range(ASKERS)))


@contextmanager
def load_on(port: int, filled: Filled, connections: int) -> Iterator[None]:
    """Hash look-ups without a pause, from another process."""
    context = multiprocessing.get_context("spawn")
    calls = hash_calls(filled)
    client = context.Process(target=drive, args=(port, calls, connections, HOUR), daemon=True)
    client.start()
    try:
        yield
    finally:
        client.terminate()
        client.join()


def show(tallies: dict[str, Tally]) -> None:
    head = "".join(f"{name:>9}" for name in ("p50", "p99", "max"))
    print(f"{'ms after commit':<16}{'rounds':>7}  first{head}    all{head}{'misses':>8}")
    for name, tally in tallies.items():
        first, every = _milliseconds(tally.first), _milliseconds(tally.all)
        print(f"{name:<16}{len(tally.first):>7}       {first}       {every}{tally.misses:>8}")


def _milliseconds(seconds: list[float]) -> str:
    return "".join(f"{value * 1e3:>9.1f}" for value in np.quantile(seconds, (0.5, 0.99, 1.0)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, prog="python -m tests.benchmarks.freshness"
    )
    parser.add_argument("--rounds", type=int, default=200, help="approvals, and retirements")
    parser.add_argument("--workers", type=int, default=4, help="web processes")
    parser.add_argument("--entries", type=float, default=1e5)
    parser.add_argument("--connections", type=int, default=2, help="of the load")
    options = parser.parse_args()
    with installation(workers=options.workers) as installed:
        filled = fill(installed, entries=int(options.entries))
        with (
            installed.serving(),
            Curator(installed) as curator,
            load_on(installed.port, filled, options.connections),
        ):
            show(Rounds(installed.port, curator, filled).run(options.rounds))
    print(PEER)


if __name__ == "__main__":
    main()
