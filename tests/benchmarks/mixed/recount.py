"""Hold what the clients wrote down against what the verified audit logs say."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.installation import Installation
from tests.benchmarks.mixed.clients import NAME, UNAVAILABLE, Attempt

VERIFIER = Path(__file__).resolve().parents[3] / "deploy" / "verify" / "verify_audit.py"
# The operator's log is nobody's to fetch: `verify_audit` verifies it where it lies.
OF_NOBODY = """
SELECT user_agent, request_id, outcome, action FROM tenants_auditevent WHERE tenant_id IS NULL
"""
SUBMISSIONS = "SELECT content_id, count(*) FROM matching_submission GROUP BY content_id"
KEYS = "SELECT name, count(*) FROM tenants_apikey GROUP BY name"
GAPS = """
SELECT count(*) FROM (
    SELECT count(*) AS events, max(sequence) + 1 AS size
      FROM tenants_auditseal GROUP BY tenant_id) AS log
 WHERE events <> size
"""
CHECKED = frozenset({"hash.checked", "hash.matched", "image.checked", "image.matched"})
SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Event:
    request_id: str
    outcome: str
    action: str


Events = Mapping[str, Sequence[Event]]  # by the name of the attempt


def read_events(installed: Installation, secrets: Sequence[str], notes: Sequence[str]) -> Events:
    """Every event of our attempts: from the tenants' verified reports, and of nobody's calls."""
    found: dict[str, list[Event]] = defaultdict(list)
    for secret in secrets:
        for row in verified_report(installed.port, secret, notes):
            if row.get("user_agent", "").startswith(NAME):
                event = Event(row["request_id"], row["outcome"], row["action"])
                found[row["user_agent"]].append(event)
    for name, *fields in rows(installed, OF_NOBODY):
        if name.startswith(NAME):
            found[name].append(Event(*fields))
    return found


def verified_report(port: int, secret: str, notes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The events of a tenant's log, once the stand-alone verifier has called it whole."""
    proof = json.loads(fetch(port, secret, "/v1/audit/proof?sequence=0"))
    log = proof["public_key"].partition("+")[0]
    with tempfile.TemporaryDirectory() as folder:
        report, kept = Path(folder) / "report.jsonl", Path(folder) / "kept.txt"
        report.write_bytes(fetch(port, secret, "/v1/audit/report?format=jsonl"))
        kept.write_text("".join(note for note in notes if note.startswith(f"{log}\n")), "utf8")
        command = [sys.executable, VERIFIER, "log", report, "--key", proof["public_key"]]
        told = subprocess.run([*command, "--checkpoint", kept], stdout=subprocess.PIPE, check=True)
        sys.stdout.write(told.stdout.decode())
        with report.open(encoding="utf8") as file:
            yield from map(json.loads, file)


def fetch(port: int, secret: str, path: str) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {secret}"}
    )
    with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310
        data: bytes = answer.read()
    return data


@dataclass(frozen=True)
class Recount:
    """The attempts against the events: everything but `unanswered` and the totals has to be 0."""

    attempts: Sequence[Attempt]
    events: Events

    def figures(self) -> dict[str, int]:
        by_name = {attempt.name: attempt for attempt in self.attempts}
        answered = [a for a in self.attempts if a.status not in (None, UNAVAILABLE)]
        others = [a for a in self.attempts if a.status in (None, UNAVAILABLE)]
        return {
            "missing": sum(not self.events.get(a.name) for a in answered),
            "doubled": sum(len(found) > 1 for found in self.events.values()),
            "of attempts nobody made": sum(name not in by_name for name in self.events),
            "with another request id": sum(self._is_of_another(a) for a in answered),
            "with another outcome": sum(self._is_told_otherwise(a) for a in answered),
            "of the attempts that got 503 or no answer": sum(a.name in self.events for a in others),
        }

    def verdicts_that_differ(self, submissions: Mapping[str, int]) -> int:
        """Requests that have not one submission for each event of a verdict."""
        wanted = Counter(
            a.number for a in self.attempts for e in self.events.get(a.name, ()) if is_verdict(e, a)
        )
        batches = Counter(a.number for a in self.attempts if is_taken_batch(a))
        return sum(
            submissions.get(f"n-{number}", 0) != wanted[number] + bool(batches[number])
            for number in {a.number for a in self.attempts}
        )

    def effects_not_once(self, made: Mapping[str, int]) -> int:
        """Calls with an `Idempotency-Key` that were answered 201 and left not one key."""
        issued = {a.number for a in self.attempts if a.ask.kind == "issue key" and a.status == 201}
        return sum(made.get(f"n-{number}", 0) != 1 for number in issued)

    def _is_of_another(self, attempt: Attempt) -> bool:
        found = self.events.get(attempt.name, ())
        return any(event.request_id != attempt.request_id for event in found)

    def _is_told_otherwise(self, attempt: Attempt) -> bool:
        succeeded = attempt.status is not None and attempt.status < 400
        found = self.events.get(attempt.name, ())
        return any((event.outcome == SUCCESS) is not succeeded for event in found)


def is_verdict(event: Event, attempt: Attempt) -> bool:
    return event.action in CHECKED and attempt.ask.kind != "batch"


def is_taken_batch(attempt: Attempt) -> bool:
    return attempt.ask.kind == "batch" and attempt.status == 202


def counts(installed: Installation, query: str) -> dict[str, int]:
    return dict(rows(installed, query))


def rows(installed: Installation, query: str) -> list[tuple[Any, ...]]:
    with installed.rows() as connection:
        return connection.execute(query).fetchall()
