"""What a tenant says of a match reaches the curators' review queue."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from matching.models import Feedback, Match, ReviewItem, ReviewKind, ReviewState
from tenants.audit.record import Actor, record


def give_feedback(*, match: Match, verdict: str, note: str = "", actor: Actor) -> Feedback:
    """Note what the tenant of `match` says of it, `confirmed` or `false_positive`.

    The latest word counts. One that differs from the one before opens the question again, also
    when curators had decided it. Every word has its audit row.
    """
    said = {"verdict": verdict, "note": note}
    with transaction.atomic():
        held, is_new = Feedback.objects.select_for_update(of=("self",)).get_or_create(
            match=match, defaults={"tenant": match.tenant, **said}
        )
        changed = not is_new and (held.verdict, held.note) != (verdict, note)
        if changed:
            held.verdict, held.note = verdict, note
            Feedback.objects.filter(pk=held.pk).update(changed_at=Now(), **said)
        if is_new or changed:
            _put_before_curators(held)
        record(
            action="feedback.given",
            actor=actor,
            tenant=match.tenant,
            target=match.public_id,
            status=201,
            data=said,
        )
    return held


def _put_before_curators(feedback: Feedback) -> None:
    undecided = {"state": ReviewState.OPEN, "decided_by": None, "decided_at": None, "reason": ""}
    particulars = {
        "kind": ReviewKind.FEEDBACK,
        "tenant": feedback.tenant,
        "submission_id": feedback.match.submission_id,
        "entry_id": feedback.match.entry_id,
    }
    ReviewItem.objects.update_or_create(
        feedback=feedback, defaults=undecided, create_defaults={**particulars, **undecided}
    )
