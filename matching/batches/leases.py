"""Who works on which lot."""

from __future__ import annotations

import time
from typing import Final

from django.db.models.functions import Now

from matching import leases
from matching.leases import LeaseLost, give_back, renew
from matching.models import Batch, BatchLot

__all__ = ["Heart", "Hearts", "LeaseLost", "finish", "give_back", "take"]

HEARTBEAT_SECONDS: Final = 5.0
"""A heartbeat is a commit: one an item would take longer than small images do."""


def take(batch: Batch) -> BatchLot | None:
    """The next lot that nobody works on, leased to the caller; None when there is none."""
    return leases.take(
        BatchLot, among="batch_id = %s AND done_at IS NULL", values=[batch.pk], first="number"
    )


class Heart:
    """Renews a lot's lease when its time comes; to be asked at least once an item."""

    def __init__(self, lot: BatchLot) -> None:
        self._lot, self._next = lot, time.monotonic() + HEARTBEAT_SECONDS

    def beat(self) -> None:
        """Raises LeaseLost."""
        if time.monotonic() >= self._next:
            renew(self._lot)
            self._next = time.monotonic() + HEARTBEAT_SECONDS


class Hearts:
    """The lots that one worker holds: while it is busy with one, it keeps the others as well."""

    def __init__(self) -> None:
        self._beating: dict[int, Heart] = {}

    def begin(self, lot: BatchLot) -> None:
        self._beating[lot.pk] = Heart(lot)

    def end(self, lot: BatchLot) -> None:
        self._beating.pop(lot.pk, None)

    def beat(self, lot: BatchLot) -> None:
        """Raises LeaseLost when `lot` is lost; when another one is, that one's turn tells."""
        for pk, heart in self._beating.items():
            try:
                heart.beat()
            except LeaseLost:
                if pk == lot.pk:
                    raise


def finish(lot: BatchLot) -> None:
    """Write the lot's results, once and by its holder alone. Raises LeaseLost.

    For the transaction that writes what the results name.
    """
    written = leases.held(lot).filter(done_at=None)
    if not written.update(
        results=lot.results,
        matched=lot.matched,
        failed=lot.failed,
        done_at=Now(),
        lease_until=None,
    ):
        raise LeaseLost(str(lot))
