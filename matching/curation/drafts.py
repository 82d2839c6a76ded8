"""Add entries: they wait as pending until somebody else approves them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from matching.curation.errors import EntryExists
from matching.curation.screening import check_signal, is_flat
from matching.hashing import ImageHashes, Signal, SignalInvalid, SignalType
from matching.models import HashEntry, HashList, ImportRun
from matching.models.entries import SIGNAL_FIELDS
from matching.partial import keep_signatures
from tenants.audit.record import Actor, record

ADDED_AT_ONCE = 1_000

Votes = Mapping[str, Mapping[str, int]]


def identity_of(external_id: str) -> str:
    """The identity of an entry that its source has given an id."""
    return f"id:{external_id}"


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """One entry to be: its signals, and what its source says of it.

    `trimmed` is a second PDQ, of the picture without its plain borders; `local` a local signature
    in its binary format. `votes` counts what others say, `{"affirmative": {"md5": 2}}`.
    A draft may also say that the source withdrew the entry; then its identity is all that counts.
    """

    signals: Sequence[Signal]
    external_id: str = ""
    violation: str = ""
    trimmed: Signal | None = None
    local: bytes | None = None
    votes: Votes = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def identity(self) -> str:
        """What makes the entry the same at a second import: the source's id, else a signal."""
        if self.external_id:
            return identity_of(self.external_id)
        by_type = {signal.type: signal for signal in self.signals}
        strongest = by_type[next(name for name in SIGNAL_FIELDS if name in by_type)]
        if strongest.type is SignalType.PHOTODNA:  # too long for the column
            return f"{strongest.type}:{hashlib.sha256(strongest.value).hexdigest()}"
        return f"{strongest.type}:{strongest.hex}"


def draft_of_image(
    image: ImageHashes,
    *,
    external_id: str = "",
    violation: str = "",
    local: bytes | None = None,
) -> EntryDraft:
    """A draft with every signal of an image that was hashed for a list."""
    trimmed = None
    if image.trimmed is not None:
        trimmed = Signal(SignalType.PDQ, image.trimmed.value, image.trimmed.quality)
    signals = [
        Signal(SignalType.SHA256, image.digests.sha256),
        Signal(SignalType.SHA1, image.digests.sha1),
        Signal(SignalType.MD5, image.digests.md5),
        Signal(SignalType.PDQ, image.pdq.value, image.pdq.quality),
    ]
    return EntryDraft(signals, external_id, violation, trimmed, local)


def add_entry(*, hash_list: HashList, draft: EntryDraft, actor: User) -> HashEntry:
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
    actor: User,
    import_run: ImportRun | None = None,
) -> list[HashEntry]:
    """Insert the drafts that the list does not have yet, as pending; those it has are left alone.

    Writes no audit row of its own: the caller's act, an import or a single addition, has one.
    """
    given = list(drafts)
    entries = [
        HashEntry(
            hash_list=hash_list,
            import_run=import_run,
            created_by=actor,
            **columns_of(draft, hash_list),
        )
        for draft in given
    ]
    with transaction.atomic():
        await_other_additions(hash_list)
        known = set(
            HashEntry.objects.filter(
                hash_list=hash_list, identity__in=[entry.identity for entry in entries]
            ).values_list("identity", flat=True)
        )
        new = {entry.identity: entry for entry in entries if entry.identity not in known}
        added = HashEntry.objects.bulk_create(new.values(), batch_size=ADDED_AT_ONCE)
        keep_signatures(
            hash_list=hash_list,
            signatures={d.identity: d.local for d in given if d.local and d.identity in new},
        )
        return added


def await_other_additions(hash_list: HashList) -> None:
    """Let one transaction at a time add to a list, until the caller's ends.

    Not a lock on the list's row: stopping a list must never have to wait for an import.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"matching: additions to list {hash_list.pk}"],
        )


def columns_of(draft: EntryDraft, hash_list: HashList) -> dict[str, Any]:
    """The columns that `draft` fills on `hash_list`, by name. Raises SignalInvalid."""
    if not draft.signals:
        raise SignalInvalid("an entry needs at least one signal")
    if len(draft.signals) == 1 and is_flat(draft.signals[0]):
        raise SignalInvalid("a PDQ of such a low quality would match anything flat")
    columns: dict[str, Any] = {
        "identity": draft.identity,
        "external_id": draft.external_id,
        "violation": draft.violation or hash_list.violation,
        "votes": draft.votes,
    }
    for signal in draft.signals:
        if not is_flat(signal):
            check_signal(signal)
        columns[signal.type] = signal.value
        if signal.type is SignalType.PDQ:
            columns["pdq_quality"] = signal.quality
    if draft.trimmed and not is_flat(draft.trimmed):
        check_signal(draft.trimmed)
        columns["pdq_trimmed"] = draft.trimmed.value
    return columns
