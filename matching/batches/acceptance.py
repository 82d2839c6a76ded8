"""The verb that makes a draft a batch: from here on every item gets its answer."""

from __future__ import annotations

from django.db import transaction

from matching.batches.drafts import BatchDraft
from matching.models import Batch, BatchLot
from tenants.audit.record import Actor, record
from tenants.models import ApiKey

_ROWS_AT_ONCE = 100


@transaction.atomic
def accept(*, key: ApiKey, draft: BatchDraft, enhance: bool = False) -> Batch:
    """Commit the draft's rows together with the audit event; workers find them there."""
    batch = Batch.objects.create(
        public_id=draft.name,
        tenant=key.tenant,
        key_id=key.key_id,
        environment=key.environment,
        enhance=enhance,
        total=draft.total,
        spool_key=draft.key,
    )
    lots = [
        BatchLot(tenant=key.tenant, batch=batch, number=number, size=len(items), items=items)
        for number, items in enumerate(draft.lots)
    ]
    BatchLot.objects.bulk_create(lots, batch_size=_ROWS_AT_ONCE)
    record(
        action="batch.accepted",
        actor=Actor.key(key),
        tenant=key.tenant,
        target=batch.public_id,
        status=202,
        data={"total": draft.total, "lots": len(lots), "enhance": enhance},
    )
    draft.is_accepted = True
    return batch
