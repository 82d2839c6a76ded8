"""What a tenant at ten times its limit costs another: `python -m tests.benchmarks.neighbours`.

One tenant sends pictures and hashes at a steady rate, in turns alone and beside a neighbour that
asks at ten times what its plan admits. Latencies count from when a call was due, so that waiting
behind another counts as well. Every answer to the first has to be a verdict. Turns are short, so
that a machine whose speed drifts is as slow for one as for the other.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from hashservice.demo.copies import rendered_pictures
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.load import connect, digest_call, exchange, image_call

PLANS = {"free": 5, "starter": 20, "business": 200}  # units a second
TIMES_ITS_LIMIT = 10
CONNECTIONS = 8
Asked = tuple[Sequence[bytes], float]  # requests that go round and round, how many a second


@dataclass
class Answers:
    """Seconds from when a call was due to its answer, and how many of each status."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, others: Answers) -> None:
        self.latencies += others.latencies
        self.statuses += others.statuses

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ask_steadily(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Answers:
    """Send `rate` requests a second, each when it is due or as soon as a connection is free."""
    answers, numbers = Answers(), itertools.count()  # next() of a count is atomic
    start = time.monotonic()

    def ask() -> None:
        connection = connect(port)
        while (number := next(numbers)) < rate * seconds:
            due = start + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            status, _ = exchange(connection, requests[number % len(requests)])
            answers.latencies.append(time.monotonic() - due)
            answers.statuses[status] += 1
        connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for asked in [threads.submit(ask) for _ in range(CONNECTIONS)]:
            asked.result()
    return answers


def secret_of(installed: Installation, name: str, plan: str) -> str:
    made = installed.run("manage", "create_tenant", name, "--plan", plan, "--json")
    return str(json.loads(made)["secret"])


def requests_of(secret: str) -> list[bytes]:
    """Pictures and look-ups by turns."""
    pictures = [image_call(secret, data, "").request for data in rendered_pictures().known]
    return [each for picture in pictures for each in (picture, digest_call(secret).request)]


def turn(
    installed: Installation, first: Sequence[bytes], seconds: float, rate: float, *beside: Asked
) -> list[Answers]:
    """What the first was answered, and then those beside it; each asks from its own process."""
    asked = [(first, rate), *beside]
    with ProcessPoolExecutor(len(asked), mp_context=get_context("spawn")) as clients:
        ask = partial(ask_steadily, installed.port)
        futures = [clients.submit(ask, requests, rate, seconds) for requests, rate in asked]
        return [future.result() for future in futures]


def measure(installed: Installation, arguments: argparse.Namespace) -> None:
    first = requests_of(secret_of(installed, "First", "unlimited"))
    neighbour = [digest_call(secret_of(installed, "Neighbour", arguments.plan)).request]
    beside = (neighbour, TIMES_ITS_LIMIT * PLANS[arguments.plan])
    ask = partial(turn, installed, first, arguments.seconds, arguments.rate)
    ask()  # until all is warm
    alone, beside_it, refused = Answers(), Answers(), Answers()
    for _ in range(arguments.turns):
        alone.add(ask()[0])
        answers = ask(beside)
        beside_it.add(answers[0])
        refused.add(answers[1])
    tell("alone", alone)
    tell("beside it", beside_it)
    tell("the neighbour", refused)
    ratio = beside_it.quantile(0.99) / alone.quantile(0.99)
    print(f"p99 beside the neighbour against alone: {ratio:.2f}")


def tell(name: str, answers: Answers) -> None:
    median, p99 = (answers.quantile(share) * 1e3 for share in (0.5, 0.99))
    print(
        f"{name:<14} {len(answers.latencies):6} answers {dict(sorted(answers.statuses.items()))},"
        f" p50 {median:.1f} ms, p99 {p99:.1f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", choices=PLANS, default="starter", help="of the neighbour")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second of the first")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn")
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with installation(workers=arguments.workers) as installed, installed.serving():
        measure(installed, arguments)


if __name__ == "__main__":
    main()
