"""Who works on which lot: leases that end by themselves, and let a late worker write nothing.

After Gray and Cheriton, "Leases", 1989; fencing tokens as in Kleppmann, "How to do distributed
locking", 2016.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Final

from django.db import connection
from django.db.models.functions import Now

from matching.models import Batch, BatchLot

LEASE: Final = timedelta(seconds=30)
"""Longer than anything between two heartbeats, short enough that a killed worker is soon missed."""

HEARTBEAT_SECONDS: Final = 5.0
"""A heartbeat is a commit: one an item would take longer than small images do."""

_TAKE: Final = """
    UPDATE matching_batchlot
       SET lease_until = clock_timestamp() + make_interval(secs => %s),
           fence = %s, attempts = attempts + 1
     WHERE id = (SELECT id FROM matching_batchlot
                  WHERE batch_id = %s AND done_at IS NULL
                    AND (lease_until IS NULL OR lease_until < clock_timestamp())
                  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


class LeaseLost(Exception):
    """Somebody else works on the lot by now."""


def take(batch: Batch) -> BatchLot | None:
    """The next lot that nobody works on, leased to the caller; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [LEASE.total_seconds(), uuid.uuid4(), batch.pk])
        row = cursor.fetchone()
    return BatchLot.objects.get(pk=row[0]) if row else None


class Heart:
    """Renews a lot's lease when its time comes; to be asked at least once an item."""

    def __init__(self, lot: BatchLot) -> None:
        self._lot, self._next = lot, time.monotonic() + HEARTBEAT_SECONDS

    def beat(self) -> None:
        """Raises LeaseLost."""
        if time.monotonic() >= self._next:
            _update(self._lot, lease_until=Now() + LEASE)
            self._next = time.monotonic() + HEARTBEAT_SECONDS


def give_back(lot: BatchLot) -> None:
    """Let others take the lot at once, without this attempt being counted against it."""
    BatchLot.objects.filter(pk=lot.pk, fence=lot.fence).update(
        lease_until=None, attempts=lot.attempts - 1
    )


def finish(lot: BatchLot) -> None:
    """Write the lot's results, once and by its holder alone. Raises LeaseLost.

    For the transaction that writes what the results name.
    """
    _update(
        lot,
        results=lot.results,
        matched=lot.matched,
        failed=lot.failed,
        done_at=Now(),
        lease_until=None,
    )


def _update(lot: BatchLot, **values: object) -> None:
    held = BatchLot.objects.filter(pk=lot.pk, fence=lot.fence, done_at=None)
    if not held.update(**values):
        raise LeaseLost(f"lot {lot.number} of batch {lot.batch_id}")
