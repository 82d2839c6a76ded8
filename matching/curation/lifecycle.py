"""The states of an entry: pending, active, suspended, retired. Stopping needs one person,
starting needs a second one (again after a stop: see `decisions`)."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from matching.curation.errors import AlreadyRetired, Conflict, FourEyesRequired
from matching.curation.people import Stopper, as_actor, needed
from matching.models import EntryState, HashEntry, HashEntryQuerySet, ListsVersion
from matching.snapshot import REBUILD_AFTER, build_and_publish
from tenants.audit.record import Actor, record

STOPPABLE = (EntryState.PENDING, EntryState.ACTIVE, EntryState.SUSPENDED)


def approve_entry(*, entry: HashEntry, actor: User, reason: str = "") -> None:
    """Put a pending entry in force. Raises FourEyesRequired, Conflict."""
    with transaction.atomic():
        current = _locked(entry, allowed=(EntryState.PENDING,))
        if current.created_by_id == actor.pk:
            raise FourEyesRequired("an entry is approved by somebody who did not add it")
        entries = HashEntry.objects.filter(pk=entry.pk)
        approve_entries(entries=entries, actor=actor, reason=reason)
    entry.refresh_from_db()


def approve_entries(*, entries: HashEntryQuerySet, actor: User, reason: str = "") -> int:
    """Put those of `entries` in force that wait and that somebody else added; returns how many.

    One audit row tells the act. A large lot is searchable from a new snapshot, published in the
    same transaction; a small one from each process's delta.
    """
    with transaction.atomic():
        version = ListsVersion.objects.advance()
        waiting = entries.filter(state=EntryState.PENDING).exclude(created_by=actor.pk)
        approved = waiting.update(
            state=EntryState.ACTIVE,
            approved_by=actor.pk,
            approved_at=timezone.now(),
            reason=reason.strip(),
            changed_version=version,
        )
        record(
            action="entry.approved",
            actor=Actor.user(actor),
            target=_target(entries, approved),
            data={"entries": approved, "reason": reason.strip(), "version": version},
        )
        if approved >= REBUILD_AFTER:
            build_and_publish(actor=Actor.user(actor))
    return approved


def retire_entry(*, entry: HashEntry, actor: User, reason: str, was_false: bool = False) -> None:
    """End an entry for good. Raises AlreadyRetired; ValueError without a reason."""
    with transaction.atomic():
        _locked(entry, allowed=STOPPABLE)
        one = HashEntry.objects.filter(pk=entry.pk)
        retire_entries(entries=one, actor=actor, reason=reason, was_false=was_false)
    entry.refresh_from_db()


def retire_entries(
    *, entries: HashEntryQuerySet, actor: User, reason: str, was_false: bool = False
) -> int:
    """End all of `entries` that are not retired yet; returns how many. Needs a reason.

    Of those that were `false` the earlier matches are withdrawn: lookback tells the tenants.
    """
    with transaction.atomic():
        version = ListsVersion.objects.advance()
        retired = entries.filter(state__in=STOPPABLE).update(
            state=EntryState.RETIRED,
            retired_by=actor.pk,
            retired_at=timezone.now(),
            is_false=was_false,
            reason=needed(reason),
            changed_version=version,
        )
        record(
            action="entry.retired",
            actor=Actor.user(actor),
            target=_target(entries, retired),
            data={
                "entries": retired,
                "reason": reason,
                "was_false": was_false,
                "version": version,
            },
        )
    return retired


def suspend_entry(*, entry: HashEntry, actor: Stopper, reason: str) -> None:
    """Stop an entry for now; one that waits can be stopped too. Raises Conflict; ValueError
    without a reason. Two people let it match again: see `decisions.propose_resuming`."""
    with transaction.atomic():
        _locked(entry, allowed=(EntryState.PENDING, EntryState.ACTIVE))
        HashEntry.objects.filter(pk=entry.pk).update(
            state=EntryState.SUSPENDED,
            reason=needed(reason),
            changed_version=ListsVersion.objects.advance(),
        )
        record(
            action="entry.suspended",
            actor=as_actor(actor),
            target=f"entry:{entry.pk}",
            data={"list": entry.hash_list.slug, "reason": reason.strip()},
        )
    entry.refresh_from_db()


def _locked(entry: HashEntry, *, allowed: tuple[EntryState, ...]) -> HashEntry:
    """The row as it stands, locked against everybody else, if its state is one of `allowed`."""
    current = HashEntry.objects.select_for_update().get(pk=entry.pk)
    if current.state == EntryState.RETIRED:
        raise AlreadyRetired(f"{current} was retired on {current.retired_at:%Y-%m-%d}")
    if current.state not in allowed:
        raise Conflict(f"{current} is {current.state}")
    return current


def _target(entries: HashEntryQuerySet, count: int) -> str:
    if count == 1 and (only := entries.values_list("pk", flat=True).first()):
        return f"entry:{only}"
    return "entries"
