"""Batches: taken in at once, worked on lot by lot, each item answered exactly once."""

from matching.batches.acceptance import accept
from matching.batches.drafts import (
    BatchDraft,
    BatchEmpty,
    BatchTooLarge,
    ItemDraft,
    ItemKind,
    take_in,
)
from matching.batches.hashing import WORKERS_A_BATCH
from matching.batches.leases import LeaseLost
from matching.batches.reading import (
    ItemResult,
    Progress,
    batch_of,
    batch_of_tenant,
    batches_of,
    progress_of,
    progress_of_each,
    results_of,
)
from matching.batches.sweeping import sweep
from matching.batches.work import work_on

__all__ = [
    "WORKERS_A_BATCH",
    "BatchDraft",
    "BatchEmpty",
    "BatchTooLarge",
    "ItemDraft",
    "ItemKind",
    "ItemResult",
    "LeaseLost",
    "Progress",
    "accept",
    "batch_of",
    "batch_of_tenant",
    "batches_of",
    "progress_of",
    "progress_of_each",
    "results_of",
    "sweep",
    "take_in",
    "work_on",
]
