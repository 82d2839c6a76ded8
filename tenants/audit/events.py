"""Reading a log: pages for programs, whole periods for reports.

Only sealed events are read, in the order of their sequence. That order never changes and nothing
appears inside of it, so pages neither lose nor double an event while others are being written.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet

from tenants.audit.checkpoints import public_key, public_keys
from tenants.audit.logs import FIELDS, Tree, name_of, sealed_form
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

    def within(self, field: str) -> Q:
        """The condition that the time in `field` lies in this period."""
        bounds = {f"{field}__gte": self.since, f"{field}__lt": self.until}
        return Q(**{name: at for name, at in bounds.items() if at is not None})

    def of(self, seals: QuerySet[AuditSeal]) -> QuerySet[AuditSeal]:
        """The seals of events of this period."""
        return seals.filter(self.within("event__at"))


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
    rows = [_event(row, name_of(tenant)) for row in _rows(seals[: limit + 1])]
    following = f"{rows[limit]['sequence']}-{size}" if len(rows) > limit else None
    return Page(rows[:limit], following)


def records(tenant: Tenant | None, *, start: int, end: int) -> Iterator[dict[str, Any]]:
    """The events with sequence `start` to before `end`, a chunk at a time."""
    return (_event(row, name_of(tenant)) for row in _chunks(tenant, start, end))


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
            "older_keys": public_keys(checkpoint.origin)[1:],
            "from": _iso(period.since),
            "to": _iso(period.until),
            "first": start,
            "before": _hex(tree.nodes(covering(0, start))),
            "totals": _totals(period.of(_seals(tenant, start, end))),
        }
    }
    for row in _chunks(tenant, start, end):
        yield _event(row, name_of(tenant)) if row.at in period else _place(row)
    yield {"checkpoint": {"note": checkpoint.note, "after": _hex(tree.nodes(covering(end, size)))}}


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
    seals = AuditSeal.objects.filter(tenant=tenant, sequence__gte=start, sequence__lt=end)
    return seals.order_by("sequence")


@dataclass(frozen=True, slots=True)
class _Row:
    """A sealed event as it comes from the database, at half the price of model instances."""

    sequence: int
    leaf_hash: str
    values: Sequence[Any]  # of `FIELDS`, in their order

    @property
    def at(self) -> datetime.datetime:
        at: datetime.datetime = self.values[0]
        return at


def _rows(seals: QuerySet[AuditSeal]) -> Iterator[_Row]:
    fields = [f"event__{field}" for field in FIELDS.values()]
    for sequence, leaf_hash, *values in seals.values_list("sequence", "leaf_hash", *fields):
        yield _Row(sequence, bytes(leaf_hash).hex(), values)


def _chunks(tenant: Tenant | None, start: int, end: int) -> Iterator[_Row]:
    for first in range(start, end, CHUNK):
        yield from _rows(_seals(tenant, first, min(end, first + CHUNK)))


def _event(row: _Row, log: str) -> dict[str, Any]:
    content = sealed_form(row.values, log=log, sequence=row.sequence)
    return {**content, "leaf_hash": row.leaf_hash}


def _place(row: _Row) -> dict[str, Any]:
    return {"sequence": row.sequence, "leaf_hash": row.leaf_hash}


def _parsed(cursor: str) -> tuple[int, int]:
    start, _, size = cursor.partition("-")
    if not (start.isdecimal() and size.isdecimal()):
        raise CursorInvalid("the cursor is none that a page has given")
    return int(start), int(size)


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [node.hex() for node in hashes]


def _iso(at: datetime.datetime | None) -> str | None:
    return at.isoformat() if at else None
