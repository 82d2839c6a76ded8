"""Bring a lot of drafts into a list in one go: what an import does again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from psycopg import sql

from matching.curation.drafts import EntryDraft, await_other_additions, entry_of
from matching.models import EntryState, HashEntry, HashList, ImportRun
from matching.models.entries import SIGNAL_FIELDS

CONTENT_FIELDS = ("violation", "pdq_quality", "pdq_trimmed", *SIGNAL_FIELDS)
UPDATED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a lot; `refused` says why, by place in the lot."""

    added: int
    changed: int
    unchanged: int
    refused: Mapping[int, str]


def merge_entries(
    *, hash_list: HashList, drafts: Sequence[EntryDraft], actor: User, import_run: ImportRun
) -> Merged:
    """Add what is new as pending, change what is pending still, leave alone what is in force.

    Whoever changes a pending entry becomes the one who added it: the approval has to come from
    somebody else. Pending entries that the lot merely repeats go over to `import_run`, so that a
    run taken up again ends with all of its file. Writes no audit row: the import has its own.
    Raises SignalInvalid.
    """
    entries = [entry_of(draft, hash_list, actor, import_run) for draft in drafts]
    with transaction.atomic():
        await_other_additions(hash_list)
        lot = _Lot(import_run, _known(hash_list, entries))
        for place, entry in enumerate(entries):
            lot.sort(place, entry)
        _copy_in(lot.new)
        waiting = HashEntry.objects.filter(state=EntryState.PENDING)
        waiting.filter(pk__in=lot.repeated).update(import_run=import_run)
        changed = waiting.bulk_update(
            lot.changed, ["created_by", "import_run", *CONTENT_FIELDS], UPDATED_AT_ONCE
        )
    return Merged(len(lot.new), changed, lot.unchanged, lot.refused)


@dataclass(slots=True)
class _Lot:
    """Sorts entries by what the list knows of their identity already."""

    run: ImportRun
    known: dict[str, HashEntry]
    new: list[HashEntry] = field(default_factory=list)
    changed: list[HashEntry] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    unchanged: int = 0
    refused: dict[int, str] = field(default_factory=dict)

    def sort(self, place: int, entry: HashEntry) -> None:
        known = self.known.setdefault(entry.identity, entry)
        if known is entry:
            self.new.append(entry)
        elif known.state == EntryState.RETIRED:
            self.refused[place] = "was retired, and retirement is final"
        elif _content(known) == _content(entry):
            self._repeat(known)
        elif known.state != EntryState.PENDING:
            self.refused[place] = f"is {known.state} already, with other signals or violation"
        elif known.import_run_id == self.run.pk:
            self.refused[place] = "contradicts an earlier record of the same file"
        else:
            entry.pk = known.pk
            self.known[entry.identity] = entry
            self.changed.append(entry)

    def _repeat(self, known: HashEntry) -> None:
        self.unchanged += 1
        if known.state == EntryState.PENDING and known.import_run_id != self.run.pk:
            self.repeated.append(known.pk)
            known.import_run_id = self.run.pk


def _known(hash_list: HashList, entries: Sequence[HashEntry]) -> dict[str, HashEntry]:
    identities = [entry.identity for entry in entries]
    found = HashEntry.objects.filter(hash_list=hash_list, identity__in=identities)
    return {entry.identity: entry for entry in found.order_by()}


def _content(entry: HashEntry) -> tuple[Any, ...]:
    return entry.violation, *(entry.__dict__[name] for name in ("pdq_trimmed", *SIGNAL_FIELDS))


def _copy_in(entries: Sequence[HashEntry]) -> None:
    """Insert by COPY, several times as fast as INSERT; constraints hold all the same."""
    fields = [field for field in HashEntry._meta.concrete_fields if not field.primary_key]
    statement = sql.SQL("COPY {table} ({columns}) FROM STDIN").format(
        table=sql.Identifier(HashEntry._meta.db_table),
        columns=sql.SQL(", ").join(sql.Identifier(field.attname) for field in fields),
    )
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for entry in entries:
            copy.write_row([field.pre_save(entry, add=True) for field in fields])
