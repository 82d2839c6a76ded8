"""The end of a batch: once, when the last lot is done, with its webhook and without its key."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from matching import spool
from matching.batches.reading import progress_of
from matching.models import Batch
from tenants.audit.record import Actor, record
from tenants.webhooks import enqueue

ACTOR = Actor.system("matching.batches")


@transaction.atomic
def end(batch: Batch) -> bool:
    """Finish `batch` if all its lots are done and nobody else did; whether this call did."""
    if batch.lots.filter(done_at=None).exists():
        return False
    unfinished = Batch.objects.filter(pk=batch.pk, finished_at=None)
    if not unfinished.update(finished_at=Now(), spool_key=None):
        return False
    progress = progress_of(batch)
    counts = {"total": progress.total, "matched": progress.matched, "failed": progress.failed}
    record(
        action="batch.finished",
        actor=ACTOR,
        tenant=batch.tenant,
        target=batch.public_id,
        data=counts,
        effects=[
            enqueue(
                tenant=batch.tenant,
                environment=batch.environment,
                event="batch.finished",
                data={"batch_id": batch.public_id, **counts},
            )
        ],
    )
    transaction.on_commit(lambda: spool.forget(batch.public_id))
    return True
