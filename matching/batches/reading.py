"""How far a batch is, and what came of its items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum

from matching.access import NotFound
from matching.match import Outcome
from matching.models import Batch, BatchLot, Submission
from tenants.models import ApiKey, is_id


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of items."""

    total: int
    done: int
    matched: int
    failed: int
    is_finished: bool
    is_begun: bool

    @property
    def status(self) -> str:
        if self.is_finished:
            return "finished"
        return "running" if self.is_begun else "accepted"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """Either a submission, or the name and text of what stood in the way."""

    content_id: str
    submission: Submission | None = None
    error: Mapping[str, str] | None = None

    def outcome(self) -> Outcome:
        """The submission with its matches. Raises ValueError when there is none."""
        if self.submission is None:
            raise ValueError("the item has no verdict")
        return Outcome(self.submission, list(self.submission.matches.all()))


def batch_of(*, key: ApiKey, public_id: str) -> Batch:
    """Raises NotFound for an id that is unknown, another tenant's or of the other environment."""
    if not is_id(public_id, "bat"):
        raise NotFound("batch")
    batch = Batch.objects.filter(
        tenant=key.tenant_id, environment=key.environment, public_id=public_id
    ).first()
    if batch is None:
        raise NotFound("batch")
    return batch


def progress_of(batch: Batch) -> Progress:
    done = Q(done_at__isnull=False)
    counts = batch.lots.aggregate(
        done=Sum("size", filter=done, default=0),
        matched=Sum("matched", default=0),
        failed=Sum("failed", default=0),
        attempts=Sum("attempts", default=0),
    )
    is_begun = counts.pop("attempts") > 0
    return Progress(
        total=batch.total, is_finished=batch.finished_at is not None, is_begun=is_begun, **counts
    )


def results_of(batch: Batch) -> Iterator[ItemResult]:
    """One a finished item, in the order of the items."""
    lots = batch.lots.filter(done_at__isnull=False).order_by("number")
    for lot in lots.iterator(chunk_size=20):
        yield from _results_of(lot)


def _results_of(lot: BatchLot) -> Iterator[ItemResult]:
    results: list[dict[str, Any]] = lot.results or []
    names = [result["submission"] for result in results if "submission" in result]
    found = Submission.objects.filter(public_id__in=names).prefetch_related("matches")
    submissions = {submission.public_id: submission for submission in found}
    for item, result in zip(lot.items, results, strict=True):
        yield ItemResult(
            content_id=item["content_id"],
            submission=submissions.get(result.get("submission", "")),
            error=result.get("error"),
        )
