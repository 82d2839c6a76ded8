"""What is tried with keys. Each trial tells its figures in one line."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from tests.benchmarks.installation import Installation
from tests.benchmarks.keys.office import Caller, Key, Office
from tests.benchmarks.keys.workers import callers_of_every_process
from tests.benchmarks.processes import Part, processes

ROTATIONS, SECONDS_A_ROTATION, RATE = 10, 2.0, 50
ASKERS = 8


def rotation(office: Office) -> str:
    """Asked at a steady rate, half with the newest key there is, half with the one before it."""
    before = newest = office.issue()
    answers: Counter[int] = Counter()
    with ThreadPoolExecutor(ASKERS) as askers:
        for _ in range(ROTATIONS):
            asked = _ask_steadily(askers, office, [before, newest])
            before, newest = newest, office.rotate(newest, overlap_seconds=30)
            answers.update(answer.result()[0] for answer in asked)
    failed = answers.total() - answers[200]
    return f"{ROTATIONS} rotations at {RATE} requests/s: {failed} of {answers.total()} failed"


def _ask_steadily(
    askers: ThreadPoolExecutor, office: Office, keys: Sequence[Key]
) -> list[Future[tuple[int, bytes]]]:
    """For `SECONDS_A_ROTATION`; the last answers are still to come."""
    began, asked = time.monotonic(), []
    for number in range(int(RATE * SECONDS_A_ROTATION)):
        secret = keys[number % len(keys)].secret
        asked.append(askers.submit(office.ask_once, secret))
        time.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
    return asked


def revocation(office: Office, installed: Installation, rounds: int) -> str:
    """Every web process is asked as soon as the revocation is acknowledged.

    In the second half of the rounds Valkey is stopped.
    """
    callers = callers_of_every_process(installed, office)
    server = next(process for part, process in processes(installed) if part is Part.VALKEY)
    late = asked = 0
    try:
        with ThreadPoolExecutor(len(callers)) as askers:
            for number in range(rounds):
                if number == rounds // 2:
                    server.send_signal(signal.SIGSTOP)
                answers = _revoked_and_asked(askers, office, list(callers))
                late, asked = late + answers.count(200), asked + len(answers)
    finally:
        server.send_signal(signal.SIGCONT)
    return (
        f"{rounds} revocations, half of them without Valkey, each asked about at once of all"
        f" {len(set(callers.values()))} web processes: {late} of {asked} answers late"
    )


def _revoked_and_asked(
    askers: ThreadPoolExecutor, office: Office, callers: Sequence[Caller]
) -> list[int]:
    key = office.issue()
    good = [status for status, _ in askers.map(lambda caller: caller.ask(key.secret), callers)]
    if set(good) != {200}:
        raise ConnectionError(f"a new key was refused: {good}")
    office.revoke(key)
    return [status for status, _ in askers.map(lambda caller: caller.ask(key.secret), callers)]
