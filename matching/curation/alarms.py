"""What a guard does: stop an entry and put it before the curators."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from matching.curation.lifecycle import suspend_entry
from matching.models import HashEntry, ReviewItem, ReviewKind
from tenants.audit.record import Actor, record

GUARD: Final = Actor.system("guard")


def stop_by_guard(*, entry: HashEntry, what: str, **evidence: Any) -> None:
    """Suspend `entry` because of `what`; curators find it in the review queue. Raises Conflict."""
    with transaction.atomic():
        suspend_entry(entry=entry, actor=GUARD, reason=what)
        ReviewItem.objects.create(
            kind=ReviewKind.GUARD, entry=entry, evidence={"what": what, **evidence}
        )
        record(
            action="guard.alarmed",
            actor=GUARD,
            target=f"entry:{entry.pk}",
            data={"what": what, "list": entry.hash_list.slug, **evidence},
        )
