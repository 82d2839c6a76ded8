"""Hash lists: create and change them, put them into quarantine, stop and end them.

What starts a list is decided by two people: see `decisions`.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from matching.curation.errors import Conflict, FourEyesRequired
from matching.curation.people import Stopper, as_actor, needed, person
from matching.models import HashList, ListEffect, ListState, ListsVersion, Violation
from tenants.audit.record import Actor, record

STOPPABLE: Final = (ListState.SHADOW, ListState.ACTIVE)
TAKES_TWO: Final = frozenset({"state", "pdq_threshold"})
# What lookback repeats: after it the list may match for somebody for whom it did not.
MATCHES_MORE: Final = frozenset({"kind", "visibility", "visible_to_plans", "visible_to_tenants"})


def create_list(
    *,
    slug: str,
    kind: str,
    source: str,
    actor: Actor,
    violation: str = Violation.TEST,
    effect: str = ListEffect.MATCH,
    created_by: User | None = None,
    **settings: Any,
) -> HashList:
    """A new, empty list: a draft, which matches nothing until two people have published it."""
    with transaction.atomic():
        hash_list = HashList(
            slug=slug,
            kind=kind,
            source=source,
            violation=violation,
            effect=effect,
            created_by=created_by,
            **settings,
        )
        hash_list.full_clean(exclude=["csv_mapping"])
        hash_list.save()
        record(
            action="list.created",
            actor=actor,
            target=f"list:{slug}",
            data={"kind": kind, "source": source, "violation": violation, "effect": effect},
        )
    return hash_list


def change_list(*, hash_list: HashList, actor: Actor, **changes: Any) -> None:
    """Set fields of a list; the audit row holds what they were and what they are.

    Raises FourEyesRequired for its state and threshold, which two people decide.
    """
    if forbidden := TAKES_TWO & changes.keys():
        raise FourEyesRequired(f"{', '.join(sorted(forbidden))} of a list takes two curators")
    before = {name: getattr(hash_list, name) for name in changes}
    with transaction.atomic():
        for name, value in changes.items():
            setattr(hash_list, name, value)
        version = ListsVersion.objects.advance()
        if MATCHES_MORE & set(changes):
            hash_list.changed_version = version
        hash_list.save(update_fields=[*changes, "changed_version"])
        record(
            action="list.changed",
            actor=actor,
            target=f"list:{hash_list.slug}",
            data={"before": before, "after": changes},
        )


def quarantine_list(*, hash_list: HashList, actor: User, reason: str = "") -> None:
    """A draft is complete: the guards look at it, and it waits to be published. Raises Conflict."""
    move_list(hash_list, (ListState.DRAFT,), ListState.QUARANTINE, actor=actor, reason=reason)


def suspend_list(*, hash_list: HashList, actor: Stopper, reason: str) -> None:
    """Stop every entry of a list at once. One person may. Raises Conflict, ValueError."""
    move_list(hash_list, STOPPABLE, ListState.SUSPENDED, actor=actor, reason=needed(reason))


def retire_list(*, hash_list: HashList, actor: User, reason: str) -> None:
    """End a list for good; its entries stay, and match nothing. Raises Conflict, ValueError."""
    living = tuple(state for state in ListState if state is not ListState.RETIRED)
    move_list(hash_list, living, ListState.RETIRED, actor=actor, reason=needed(reason))


def move_list(
    hash_list: HashList,
    allowed: tuple[ListState, ...],
    after: ListState,
    *,
    actor: Stopper,
    reason: str,
) -> None:
    """Change the state, with its audit row, if it is one of `allowed`. Raises Conflict."""
    with transaction.atomic():
        before = HashList.objects.select_for_update().get(pk=hash_list.pk).state
        if before not in allowed:
            raise Conflict(f"{hash_list} is {before}")
        HashList.objects.filter(pk=hash_list.pk).update(
            state=after,
            state_before=before,
            state_changed_at=timezone.now(),
            state_reason=reason.strip(),
            suspended_by=person(actor) if after is ListState.SUSPENDED else None,
        )
        version = ListsVersion.objects.advance()
        HashList.objects.filter(pk=hash_list.pk).update(changed_version=version)
        record(
            action="list.changed",
            actor=as_actor(actor),
            target=f"list:{hash_list.slug}",
            data={
                "before": {"state": before},
                "after": {"state": after},
                "reason": reason.strip(),
            },
        )
    hash_list.refresh_from_db()
