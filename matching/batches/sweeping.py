"""What nobody finished: found again by its rows, whatever became of messages and workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from matching import spool
from matching.batches.ending import end
from matching.models import Batch, BatchLot

SPOOLED_FOR: Final = timedelta(hours=24)
"""No image waits longer, come what may; its item then fails and says so."""

RESULTS_KEPT_FOR: Final = timedelta(days=30)


def sweep() -> Sequence[str]:
    """Tidy up; the ids of the batches that have lots to work on and nobody at it."""
    spool.sweep(older_than_seconds=SPOOLED_FOR.total_seconds())
    Batch.objects.filter(finished_at__lt=Now() - RESULTS_KEPT_FOR).delete()
    waiting = BatchLot.objects.filter(batch=OuterRef("pk"), done_at=None)
    worked_on = waiting.filter(lease_until__gte=Now())
    unfinished = Batch.objects.filter(finished_at=None)
    for batch in unfinished.exclude(Exists(waiting)):
        end(batch)
    idle = unfinished.filter(Exists(waiting)).exclude(Exists(worked_on))
    return list(idle.values_list("public_id", flat=True))
