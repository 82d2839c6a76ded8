"""How far a batch is, and what came of its items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum

from matching.access import NotFound
from matching.match import Outcome
from matching.models import Batch, BatchLot, Submission
from tenants.models import ApiKey, Tenant, is_id


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
    def percent(self) -> int:
        """Rounded down: 100 means all."""
        return self.done * 100 // self.total if self.total else 100

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
    return _found(
        Batch.objects.filter(tenant=key.tenant_id, environment=key.environment), public_id
    )


def batch_of_tenant(*, tenant: Tenant, public_id: str) -> Batch:
    """For the tenant's people, whichever environment it is of. Raises NotFound."""
    return _found(Batch.objects.filter(tenant=tenant), public_id)


def batches_of(*, tenant: Tenant, before: str = "") -> QuerySet[Batch]:
    """The tenant's batches for its people, newest first; `before` is the id of one of them.

    Raises NotFound for a `before` that is none.
    """
    own = Batch.objects.filter(tenant=tenant).order_by("-pk")
    return own.filter(pk__lt=_found(own, before).pk) if before else own


def _found(own: QuerySet[Batch], public_id: str) -> Batch:
    batch = own.filter(public_id=public_id).first() if is_id(public_id, "bat") else None
    if batch is None:
        raise NotFound("batch")
    return batch


def progress_of(batch: Batch) -> Progress:
    return progress_of_each([batch])[0]


def progress_of_each(batches: Sequence[Batch]) -> list[Progress]:
    """In the order of `batches`, by one query."""
    lots = BatchLot.objects.filter(batch__in=batches).order_by().values("batch")
    rows = lots.annotate(
        done=Sum("size", filter=Q(done_at__isnull=False), default=0),
        all_matched=Sum("matched", default=0),
        all_failed=Sum("failed", default=0),
        all_attempts=Sum("attempts", default=0),
    )
    counts = {row["batch"]: row for row in rows}
    return [
        Progress(
            total=batch.total,
            done=counts[batch.pk]["done"],
            matched=counts[batch.pk]["all_matched"],
            failed=counts[batch.pk]["all_failed"],
            is_finished=batch.finished_at is not None,
            is_begun=counts[batch.pk]["all_attempts"] > 0,
        )
        for batch in batches
    ]


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
