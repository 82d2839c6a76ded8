"""Matches that do not hold any more, because their entry was retired as false."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Final

from matching.lookback.runs import WORKER
from matching.models import EntryState, LookbackRun, Match
from tenants import webhooks
from tenants.audit.record import record

AT_ONCE: Final = 1_000


def withdraw_some(run: LookbackRun, *, now: datetime.datetime) -> tuple[int, int]:
    """Withdraw the next matches of a run, in the caller's transaction; how many, up to which key.

    Of matches none are left when it is none.
    """
    due = Match.objects.filter(
        pk__gt=run.match_cursor,
        withdrawn_at=None,
        entry__state=EntryState.RETIRED,
        entry__is_false=True,
        entry__changed_version__gt=run.from_version,
        entry__changed_version__lte=run.to_version,
    )
    some = list(due.select_related("submission", "tenant").order_by("pk")[:AT_ONCE])
    if not some:
        return 0, run.match_cursor
    Match.objects.filter(pk__in=[match.pk for match in some]).update(withdrawn_at=now)
    groups: dict[tuple[int, str], list[Match]] = defaultdict(list)
    for match in some:
        groups[match.tenant_id, match.submission.environment].append(match)
    for matches in groups.values():
        _tell(matches)
    return len(some), some[-1].pk


def _tell(matches: list[Match]) -> None:
    first = matches[0]
    told = webhooks.enqueue_all(
        tenant=first.tenant,
        environment=first.submission.environment,
        event="match.withdrawn",
        data=[
            {
                "match_id": match.public_id,
                "submission_id": match.submission_id,
                "content_id": match.submission.content_id or None,
            }
            for match in matches
        ],
    )
    record(
        action="lookback.withdrawn",
        actor=WORKER,
        tenant=first.tenant,
        data={"matches": [match.public_id for match in matches]},
        effects=[told],
    )
