"""Add entries: they wait as pending until somebody else approves them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from matching.curation.errors import EntryExists
from matching.hashing import MIN_QUALITY, Signal, SignalInvalid, SignalType
from matching.models import HashEntry, HashList, ImportRun
from matching.models.entries import SIGNAL_FIELDS
from tenants.audit.record import Actor, record


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """One entry to be: its signals, and what its source says of it."""

    signals: Sequence[Signal]
    external_id: str = ""
    violation: str = ""

    @property
    def identity(self) -> str:
        """What makes the entry the same at a second import: the source's id, else a signal."""
        if self.external_id:
            return f"id:{self.external_id}"
        by_type = {signal.type: signal for signal in self.signals}
        strongest = next(name for name in SIGNAL_FIELDS if name in by_type)
        return f"{strongest.value}:{by_type[strongest].value.hex()}"[:160]


def add_entry(
    *, hash_list: HashList, draft: EntryDraft, actor: AbstractBaseUser
) -> HashEntry:
    """A new pending entry. Raises SignalInvalid, EntryExists."""
    with transaction.atomic():
        added = add_entries(hash_list=hash_list, drafts=[draft], actor=actor)
        if not added:
            raise EntryExists(f"{hash_list} has {draft.external_id or 'these signals'} already")
        [entry] = added
        record(
            action="entry.added",
            actor=Actor.user(actor),
            target=f"entry:{entry.pk}",
            data={"list": hash_list.slug, "signals": [signal.type for signal in draft.signals]},
        )
    return entry


def add_entries(
    *,
    hash_list: HashList,
    drafts: Iterable[EntryDraft],
    actor: AbstractBaseUser,
    import_run: ImportRun | None = None,
) -> list[HashEntry]:
    """Insert the drafts that the list does not have yet, as pending; those it has are left alone.

    Writes no audit row of its own: the caller's act, an import or a single addition, has one.
    """
    entries = [_entry(hash_list, draft, actor, import_run) for draft in drafts]
    known = set(
        HashEntry.objects.filter(
            hash_list=hash_list, identity__in=[entry.identity for entry in entries]
        ).values_list("identity", flat=True)
    )
    new = {entry.identity: entry for entry in entries if entry.identity not in known}
    return HashEntry.objects.bulk_create(new.values())


def _entry(
    hash_list: HashList,
    draft: EntryDraft,
    actor: AbstractBaseUser,
    import_run: ImportRun | None,
) -> HashEntry:
    if not draft.signals:
        raise SignalInvalid("an entry needs at least one signal")
    values = {signal.type.value: signal.value for signal in draft.signals}
    return HashEntry(
        hash_list=hash_list,
        identity=draft.identity,
        external_id=draft.external_id,
        violation=draft.violation or hash_list.violation,
        pdq_quality=_checked_quality(draft.signals),
        import_run=import_run,
        created_by=actor,
        **values,
    )


def _checked_quality(signals: Sequence[Signal]) -> int | None:
    """The PDQ's quality. Raises SignalInvalid for a PDQ too flat to tell pictures apart."""
    for signal in signals:
        if signal.type is SignalType.PDQ and signal.quality is not None:
            if signal.quality < MIN_QUALITY and len(signals) == 1:
                raise SignalInvalid(f"a PDQ of quality {signal.quality} would match anything flat")
            return signal.quality
    return None
