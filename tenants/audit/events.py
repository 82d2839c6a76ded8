"""Reading a log: pages for programs, whole periods for reports.

Only sealed events are read, in the order of their sequence. That order never changes and nothing
appears inside of it, so pages neither lose nor double an event while others are being written.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Max, Min, QuerySet

from tenants.audit.checkpoints import public_key
from tenants.audit.logs import Tree, name_of, sealed_form
from tenants.audit.verify import covering
from tenants.models import AuditSeal, Checkpoint, Tenant

CHUNK: Final = 2_000  # rows held in memory at once


class CursorInvalid(ValueError):
    """The cursor is none that a page has given."""


@dataclass(frozen=True)
class Period:
    """From `since` to before `until`; None leaves that side open."""

    since: datetime.datetime | None = None
    until: datetime.datetime | None = None

    def __contains__(self, at: datetime.datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def of(self, seals: QuerySet[AuditSeal]) -> QuerySet[AuditSeal]:
        """The seals of events of this period."""
        if self.since is not None:
            seals = seals.filter(event__at__gte=self.since)
        if self.until is not None:
            seals = seals.filter(event__at__lt=self.until)
        return seals


@dataclass(frozen=True)
class Page:
    """Some events, and where the next page begins; `next` is None on the last."""

    events: list[dict[str, Any]]
    next: str | None


def page(
    *,
    tenant: Tenant | None,
    period: Period,
    limit: int,
    action: str = "",
    actor: str = "",
    cursor: str = "",
) -> Page:
    """Up to `limit` events after `cursor`, of the log as it was when its first page was read.

    That bound makes paging end although every page read is an event itself. Raises `CursorInvalid`.
    """
    start, size = _parsed(cursor) if cursor else (0, Tree(tenant).size)
    seals = period.of(_seals(tenant, start, size))
    if action:
        seals = seals.filter(event__action=action)
    if actor:
        seals = seals.filter(event__actor_id=actor)
    rows = list(_rows(seals[: limit + 1], name_of(tenant)))
    following = f"{rows[limit]['sequence']}-{size}" if len(rows) > limit else None
    return Page(rows[:limit], following)


def records(tenant: Tenant | None, *, start: int, end: int) -> Iterator[dict[str, Any]]:
    """The events with sequence `start` to before `end`, a chunk at a time."""
    for first in range(start, end, CHUNK):
        yield from _rows(_seals(tenant, first, min(end, first + CHUNK)), name_of(tenant))


def report(*, checkpoint: Checkpoint, period: Period) -> Iterator[dict[str, Any]]:
    """The records of a report: what it is and its totals, the events, the signed checkpoint.

    The events stand in one unbroken row. What was sealed among them but lies outside of the period
    is there with its place and hash alone; the hashes before and after make the row verifiable.
    """
    tenant, size = checkpoint.tenant, checkpoint.size
    start, end = _bounds(tenant, period, size)
    tree = Tree(tenant)
    yield {
        "report": {
            "log": name_of(tenant),
            "key": public_key(checkpoint.origin),
            "from": _iso(period.since),
            "to": _iso(period.until),
            "first": start,
            "before": _hex(tree.nodes(covering(0, start))),
            "totals": _totals(period.of(_seals(tenant, start, end))),
        }
    }
    for first in range(start, end, CHUNK):
        for seal in _seals(tenant, first, min(end, first + CHUNK)):
            yield _row(seal, name_of(tenant)) if seal.event.at in period else _place(seal)
    yield {"checkpoint": {"note": checkpoint.text, "after": _hex(tree.nodes(covering(end, size)))}}


def _bounds(tenant: Tenant | None, period: Period, size: int) -> tuple[int, int]:
    """The shortest row of sequences that holds every event of the period."""
    found = (
        period.of(_seals(tenant, 0, size))
        .order_by()
        .aggregate(first=Min("sequence"), last=Max("sequence"))
    )
    if found["first"] is None:
        return (0, 0) if period.since is None else (size, size)
    start = 0 if period.since is None else found["first"]
    return start, size if period.until is None else found["last"] + 1


def _totals(seals: QuerySet[AuditSeal]) -> dict[str, Any]:
    by_action: Counter[str] = Counter()
    by_outcome: Counter[str] = Counter()
    groups = seals.order_by().values_list("event__action", "event__outcome")
    for action, outcome, count in groups.annotate(Count("id")):
        by_action[action] += count
        by_outcome[outcome] += count
    return {"events": by_action.total(), "by_action": by_action, "by_outcome": by_outcome}


def _seals(tenant: Tenant | None, start: int, end: int) -> QuerySet[AuditSeal]:
    return (
        AuditSeal.objects.filter(tenant=tenant, sequence__gte=start, sequence__lt=end)
        .select_related("event")
        .order_by("sequence")
    )


def _rows(seals: Iterable[AuditSeal], log: str) -> Iterator[dict[str, Any]]:
    return (_row(seal, log) for seal in seals)


def _row(seal: AuditSeal, log: str) -> dict[str, Any]:
    content = sealed_form(seal.event, log=log, sequence=seal.sequence)
    return {**content, "leaf_hash": bytes(seal.leaf_hash).hex()}


def _place(seal: AuditSeal) -> dict[str, Any]:
    return {"sequence": seal.sequence, "leaf_hash": bytes(seal.leaf_hash).hex()}


def _parsed(cursor: str) -> tuple[int, int]:
    start, _, size = cursor.partition("-")
    if not (start.isdecimal() and size.isdecimal()):
        raise CursorInvalid("the cursor is none that a page has given")
    return int(start), int(size)


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [node.hex() for node in hashes]


def _iso(at: datetime.datetime | None) -> str | None:
    return at.isoformat() if at else None
