"""What waits for review: a curator upholds it or rejects it, with a reason."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from matching.curation.errors import Conflict
from matching.models import ReviewItem, ReviewState
from tenants.audit.record import Actor, record


def decide_review(*, item: ReviewItem, outcome: str, actor: User, reason: str) -> None:
    """Close an open item as `upheld` or `rejected`. Raises Conflict; ValueError without a reason.

    It changes no entry: what follows from it is an act of its own, with its own two people.
    """
    if outcome not in (ReviewState.UPHELD, ReviewState.REJECTED):
        raise ValueError(f"an item is upheld or rejected, not {outcome}")
    if not reason.strip():
        raise ValueError("a reason is needed")
    with transaction.atomic():
        closed = ReviewItem.objects.filter(pk=item.pk, state=ReviewState.OPEN).update(
            state=outcome, decided_by=actor.pk, decided_at=timezone.now(), reason=reason.strip()
        )
        if not closed:
            raise Conflict(f"{item} is not open")
        record(
            action="review.decided",
            actor=Actor.user(actor),
            target=f"review:{item.pk}",
            data={"kind": item.kind, "outcome": outcome, "reason": reason.strip()},
        )
    item.refresh_from_db()
