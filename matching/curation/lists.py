"""Hash lists: create, change, stop and start them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from matching.curation.errors import Conflict, FourEyesRequired
from matching.models import HashList, ListState, ListsVersion, Violation
from tenants.audit.record import Actor, record


def create_list(
    *,
    slug: str,
    kind: str,
    source: str,
    actor: Actor,
    violation: str = Violation.TEST,
    created_by: User | None = None,
) -> HashList:
    """A new, empty list. It matches nothing until its entries are approved."""
    with transaction.atomic():
        hash_list = HashList(
            slug=slug, kind=kind, source=source, violation=violation, created_by=created_by
        )
        hash_list.full_clean(exclude=["csv_mapping"])
        hash_list.save()
        record(
            action="list.created",
            actor=actor,
            target=f"list:{slug}",
            data={"kind": kind, "source": source, "violation": violation},
        )
    return hash_list


def change_list(*, hash_list: HashList, actor: Actor, **changes: Any) -> None:
    """Set fields of a list; the audit row holds what they were and what they are."""
    before = {name: getattr(hash_list, name) for name in changes}
    with transaction.atomic():
        for name, value in changes.items():
            setattr(hash_list, name, value)
        hash_list.save(update_fields=list(changes))
        ListsVersion.objects.advance()
        record(
            action="list.changed",
            actor=actor,
            target=f"list:{hash_list.slug}",
            data={"before": before, "after": changes},
        )


def suspend_list(*, hash_list: HashList, actor: User, reason: str) -> None:
    """Stop every entry of a list at once. One person may. Raises Conflict, ValueError."""
    if not reason.strip():
        raise ValueError("a reason is needed")
    _move(hash_list, ListState.ACTIVE, ListState.SUSPENDED, actor=actor, reason=reason.strip())


def resume_list(*, hash_list: HashList, actor: User, reason: str) -> None:
    """Start a stopped list again. Raises Conflict, FourEyesRequired for the one who stopped it."""
    if hash_list.suspended_by_id == actor.pk:
        raise FourEyesRequired("a list is started again by somebody who did not stop it")
    _move(hash_list, ListState.SUSPENDED, ListState.ACTIVE, actor=actor, reason=reason.strip())


def _move(
    hash_list: HashList,
    before: ListState,
    after: ListState,
    *,
    actor: User,
    reason: str,
) -> None:
    stopper = actor.pk if after is ListState.SUSPENDED else None
    with transaction.atomic():
        moved = HashList.objects.filter(pk=hash_list.pk, state=before).update(
            state=after, suspended_by=stopper
        )
        if not moved:
            raise Conflict(f"{hash_list} is not {before.value}")
        ListsVersion.objects.advance()
        record(
            action="list.changed",
            actor=Actor.user(actor),
            target=f"list:{hash_list.slug}",
            data={"before": {"state": before}, "after": {"state": after}, "reason": reason},
        )
    hash_list.refresh_from_db()
