"""The sealer: gives every committed event its place in its log and its leaf in the tree.

Ids are drawn before commit and commit out of order, so a reader that follows ids loses rows. The
sealer takes only rows of transactions below the horizon (`pg_snapshot_xmin`): all of these have
ended, so nothing can appear among them any more. Writers never wait for it: it reads what they
committed and adds rows of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants.audit import merkle
from tenants.audit.logs import FIELDS, TILE, TILE_LEVELS, Tree, name_of, sealed_form, stored_hashes
from tenants.audit.verify import canonical, leaf_hash
from tenants.models import AuditEvent, AuditNode, AuditSeal, Tenant

BATCH: Final = 2_000
LOCK: Final = 0x6175_6469_74  # "audit"; advisory locks of the database are named by numbers

UNSEALED: Final = """
SELECT event.* FROM tenants_auditevent event
WHERE NOT EXISTS (SELECT FROM tenants_auditseal seal WHERE seal.event_id = event.id)
"""
# Behind the last one sealed, in the order of the index on both columns.
FOLLOWING: Final = f"""{UNSEALED}
  AND (event.transaction_id, event.id) > (%s, %s)
  AND event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY event.transaction_id, event.id LIMIT %s
"""
# Wherever they stand. Transactions that have not begun yet are of the cluster that a restored
# database was dumped from: they ended there.
ANYWHERE: Final = f"""{UNSEALED}
  AND (event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
       OR event.transaction_id >= pg_snapshot_xmax(pg_current_snapshot()))
ORDER BY event.transaction_id < pg_snapshot_xmin(pg_current_snapshot()),
         event.transaction_id, event.id LIMIT %s
"""
# In the order given, so the seal with the highest id marks the position. Columns instead of rows
# take a fifth of the time.
INSERT: Final = """
INSERT INTO tenants_auditseal (event_id, tenant_id, sequence, leaf_hash)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[])
"""


@dataclass(frozen=True)
class Position:
    """The event that was sealed last."""

    transaction_id: int
    event_id: int


BEGINNING: Final = Position(0, 0)


def seal_pending(*, anywhere: bool = False) -> int:
    """Seal what is below the horizon, and return how many events that were.

    0 also when another sealer is at work: there is one at a time. `anywhere` looks through the
    whole table instead of behind the last event sealed, which finds rows that were slipped in.
    """
    sealed = 0
    while True:
        batch = _seal_batch(anywhere=anywhere)
        sealed += batch
        if batch < BATCH:
            return sealed


def oldest_unsealed() -> datetime.timedelta:
    """How long the event that is to be sealed next has been waiting; zero when there is none."""
    last = _position()
    waiting = AuditEvent.objects.raw(
        f"{UNSEALED} AND (event.transaction_id, event.id) > (%s, %s)"
        " ORDER BY event.transaction_id, event.id LIMIT 1",
        [str(last.transaction_id), last.event_id],
    )
    for event in waiting:
        return timezone.now() - event.at
    return datetime.timedelta()


def passed_over() -> int:
    """Events without a place although later ones have theirs: slipped in with a forged number."""
    last = _position()
    return AuditEvent.objects.filter(seal=None, transaction_id__lt=last.transaction_id).count()


@transaction.atomic
def _seal_batch(*, anywhere: bool) -> int:
    if not _is_only_sealer():
        return 0
    events = _unsealed(anywhere=anywhere)
    logs = _logs_of(events)
    seals = [(event.pk, event.tenant_id, *logs[event.tenant_id].seal(event)) for event in events]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [list(column) for column in zip(*seals, strict=True)] or [[]] * 4)
    AuditNode.objects.bulk_create(node for log in logs.values() for node in log.completed())
    return len(events)


def _is_only_sealer() -> bool:
    """Take the lock until the end of the transaction, if it is free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        (taken,) = cursor.fetchone()
    return bool(taken)


def _unsealed(*, anywhere: bool) -> list[AuditEvent]:
    last = _position()
    if anywhere or last.transaction_id >= _horizon():
        return list(AuditEvent.objects.raw(ANYWHERE, [BATCH]))
    with connection.cursor() as cursor:
        # Row-level security hides from the planner how many rows there are behind the position: for
        # a few it would sort them all, which with a long backlog is all of it for every batch.
        cursor.execute("SET LOCAL enable_sort = off")
    after = [str(last.transaction_id), last.event_id]
    return list(AuditEvent.objects.raw(FOLLOWING, [*after, BATCH]))


def _position() -> Position:
    last = AuditSeal.objects.order_by("-id").select_related("event").first()
    return Position(last.event.transaction_id, last.event_id) if last else BEGINNING


def _horizon() -> int:
    """Every transaction below has ended. An event beyond was restored from another cluster."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())")
        (horizon,) = cursor.fetchone()
    return int(horizon)


_values = attrgetter(*FIELDS.values())


class _Growth:
    """A log that is being added to."""

    def __init__(self, tenant: Tenant | None, size: int) -> None:
        self.tenant, self._name, self.first = tenant, name_of(tenant), size
        self.leaves: list[bytes] = []

    def seal(self, event: AuditEvent) -> tuple[int, bytes]:
        """Give the event the next place: its sequence and its leaf."""
        sequence = self.first + len(self.leaves)
        content = sealed_form(_values(event), log=self._name, sequence=sequence)
        self.leaves.append(leaf_hash(canonical(content)))
        return sequence, self.leaves[-1]

    def completed(self) -> Iterator[AuditNode]:
        """The nodes whose 256 parts are now all there, level by level."""
        level, first, hashes = 0, self.first, self.leaves
        while (begun := first % TILE) + len(hashes) >= TILE:
            earlier = stored_hashes(self.tenant, level=level, start=first - begun, end=first)
            hashes = [*earlier, *hashes]
            level, first = level + TILE_LEVELS, first // TILE
            starts = range(0, len(hashes) - TILE + 1, TILE)
            hashes = [merkle.subtree(hashes[start : start + TILE]) for start in starts]
            for place, node in enumerate(hashes):
                yield AuditNode(tenant=self.tenant, level=level, index=first + place, hash=node)


def _logs_of(events: Iterable[AuditEvent]) -> dict[int | None, _Growth]:
    """The logs that the events belong to, by the tenant's key."""
    keys = {event.tenant_id for event in events}
    last = AuditSeal.objects.filter(tenant=OuterRef("pk")).order_by("-sequence")
    rows = Tenant.objects.filter(pk__in=[key for key in keys if key]).annotate(
        size=Coalesce(Subquery(last.values("sequence")[:1]) + 1, 0)
    )
    logs: dict[int | None, _Growth] = {row.pk: _Growth(row, row.size) for row in rows}
    if None in keys:
        logs[None] = _Growth(None, Tree(None).size)
    return logs
