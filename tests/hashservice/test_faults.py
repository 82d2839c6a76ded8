"""Kill every kind of process of a running service while clients submit known pictures.

In the manner of Jepsen: the clients write down what was asked and answered, and afterwards that
history is held against the database. An acknowledgement is an answer with status 200.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import pytest

from hashservice.demo.copies import ALTERATIONS, rendered_pictures
from hashservice.supervisor import answers
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.processes import Part, processes
from tests.hashservice.history import Answer, Clients
from tests.hashservice.waiting import wait_until

# Whoever asks while one of these is away may have to ask again; of the others nobody notices.
NOTICED = (Part.WEB, Part.WEB_SERVER, Part.POSTGRES, Part.POSTGRES_KEEPER)
UNNOTICED = (Part.WORKER, Part.BEAT, Part.VALKEY, Part.VALKEY_KEEPER, Part.DECODERS)
ANSWERS_BETWEEN_FAULTS = 10
SETTLED_SECONDS = 0.3
ROWS = """
    SELECT submission.public_id, submission.content_id, submission.verdict,
           count(DISTINCT match.id) > 0, count(DISTINCT event.id)
    FROM matching_submission submission
    LEFT JOIN matching_match match ON match.submission_id = submission.public_id
    LEFT JOIN tenants_auditevent event
           ON event.target = submission.public_id AND event.action = 'image.matched'
    GROUP BY submission.id
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was killed, and from when to when it was away."""

    part: Part
    began: float
    ended: float

    def covers(self, answer: Answer) -> bool:
        return answer.started <= self.ended and answer.ended >= self.began


@dataclass(frozen=True, slots=True)
class Row:
    """A submission in the database, whether it has matches, and its audit events."""

    submission_id: str
    content_id: str
    verdict: str
    has_matches: bool
    events: int


@pytest.fixture
def installed() -> Iterator[Installation]:
    with installation(workers=2) as installed:
        yield installed


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the orphans")
def test_killed_processes_cost_no_acknowledged_submission_and_no_right_answer(
    installed: Installation,
) -> None:
    secret = installed.run("tests.hashservice.installed_cast").strip()
    recompressed = [ALTERATIONS[1].apply(picture) for picture in rendered_pictures().known]
    clients = Clients(installed.port, secret, recompressed)
    with installed.serving():
        with clients.submitting():
            await_answers(clients)
            faults = [kill(installed, part, clients) for part in NOTICED + UNNOTICED]
        rows = read_rows(installed)
    assert_every_answer_is_right(clients.acknowledged())
    assert_failures_lie_within(faults, clients.history)
    assert_acknowledgements_are_kept(clients.acknowledged(), rows)


def kill(installed: Installation, part: Part, clients: Clients) -> Fault:
    """Kill one process; returns when there is another and clients have had their answers."""
    before = settled(installed, part)
    began = time.monotonic()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: is_replaced(before, leaders(installed, part)), what=f"another {part}")
    wait_until(lambda: answers("127.0.0.1", installed.port, "/readyz"), what=f"ready after {part}")
    ended = time.monotonic()
    await_answers(clients)
    return Fault(part, began, ended)


def settled(installed: Installation, part: Part) -> list[int]:
    """The leaders once they are the same for a moment: none that comes or goes is counted."""
    found: list[int] = []

    def is_settled() -> bool:
        last, found[:] = [*found], leaders(installed, part)
        time.sleep(SETTLED_SECONDS)
        return bool(found) and found == last

    wait_until(is_settled)
    return found


def leaders(installed: Installation, part: Part) -> list[int]:
    """The processes of a part without those that they started themselves."""
    found = {each.pid: each.info["ppid"] for of, each in processes(installed) if of is part}
    return [pid for pid, parent in found.items() if parent not in found]


def is_replaced(before: Sequence[int], now: Sequence[int]) -> bool:
    return before[0] not in now and len(now) >= len(before)


def await_answers(clients: Clients) -> None:
    enough = len(clients.acknowledged()) + ANSWERS_BETWEEN_FAULTS
    wait_until(lambda: len(clients.acknowledged()) >= enough)


def read_rows(installed: Installation) -> list[Row]:
    owner = installed.environment()["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, options="-c app.scope=service") as connection:
        return [Row(*fields) for fields in connection.execute(ROWS)]


def assert_every_answer_is_right(acknowledged: Sequence[Answer]) -> None:
    assert {answer.body["verdict"] for answer in acknowledged} == {"match"}


def assert_failures_lie_within(faults: Sequence[Fault], history: Sequence[Answer]) -> None:
    """A failure is a broken connection or a 503, while something noticed was away."""
    failures = [answer for answer in history if answer.status != 200]
    assert {answer.status for answer in failures} <= {None, 503}
    noticed = [fault for fault in faults if fault.part in NOTICED]
    assert [a for a in failures if not any(fault.covers(a) for fault in noticed)] == []


def assert_acknowledgements_are_kept(acknowledged: Sequence[Answer], rows: Sequence[Row]) -> None:
    """Each is there with its matches; each row, acknowledged or not, has its one audit event."""
    kept = {row.submission_id: row for row in rows}
    for answer in acknowledged:
        row = kept[answer.body["submission_id"]]
        assert (row.content_id, row.verdict, row.has_matches) == (answer.content_id, "match", True)
    assert {row.events for row in rows} == {1}
    assert set(Counter(row.content_id for row in rows).values()) == {1}
