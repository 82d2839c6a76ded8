"""Matches found later: judged as a request would be, written with their webhooks and events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np

from matching.hashing import Digests
from matching.lookback.runs import WORKER
from matching.match.verdict import Finding, Question, judge
from matching.models import Match, RetainedHashes
from tenants import webhooks
from tenants.audit.record import record
from tenants.models import ApiKey
from tenants.writes import insertions

Group = tuple[int, str]


def write_matches(rows: Collection[int]) -> int:
    """Judge retained rows anew and write what they match by now; tells how many submissions do.

    In the caller's transaction, by the lists as they stand, which tell who sees which of them and
    what is harmless. Raises IndexUnavailable.
    """
    kept = RetainedHashes.objects.filter(pk__in=rows).order_by("pk")
    found: dict[Group, list[list[Match]]] = defaultdict(list)
    for row in kept.select_related("submission", "tenant__plan"):
        matches = _matches(row)
        if matches:
            found[row.tenant_id, row.environment].append(matches)
    for of_tenant in found.values():
        _write(of_tenant)
    return sum(map(len, found.values()))


def _matches(row: RetainedHashes) -> list[Match]:
    """The matches of one submission that it does not have yet."""
    asker = ApiKey(tenant=row.tenant, environment=row.environment)
    judgement = judge(_question(row), key=asker)
    has = set(
        Match.objects.filter(submission=row.submission, withdrawn_at=None).values_list(
            "list_slug", "violation"
        )
    )
    return [
        _match(row, finding)
        for finding in judgement.findings
        if (finding.entry.hash_list.slug, finding.entry.violation) not in has
    ]


def _question(row: RetainedHashes) -> Question:
    md5, sha1, sha256 = (bytes(value or b"") for value in (row.md5, row.sha1, row.sha256))
    digests = Digests(md5=md5, sha1=sha1, sha256=sha256) if md5 or sha1 or sha256 else None
    near = np.frombuffer(bytes(row.pdq), np.uint8).reshape(-1, 32)
    return Question(digests=digests, near=near, untrusted=False)


def _match(row: RetainedHashes, finding: Finding) -> Match:
    return Match(
        tenant=row.tenant,
        submission=row.submission,
        entry=finding.entry,
        list_slug=finding.entry.hash_list.slug,
        source=finding.entry.hash_list.source,
        violation=finding.entry.violation,
        match_type=finding.match_type,
        distance=finding.distance,
        is_retroactive=True,
    )


def _write(found: Iterable[list[Match]]) -> None:
    """Matches of one tenant and environment, by submission."""
    by_submission = list(found)
    matches = [match for of_one in by_submission for match in of_one]
    submission = matches[0].submission
    told = webhooks.enqueue_all(
        tenant=submission.tenant,
        environment=submission.environment,
        event="match.retroactive",
        data=[_told(of_one) for of_one in by_submission],
    )
    record(
        action="lookback.matched",
        actor=WORKER,
        tenant=submission.tenant,
        data={"matches": [match.public_id for match in matches]},
        effects=[*insertions(matches), told],
    )


def _told(matches: list[Match]) -> dict[str, object]:
    submission = matches[0].submission
    return {
        "submission_id": submission.public_id,
        "content_id": submission.content_id or None,
        "match_ids": [match.public_id for match in matches],
    }
