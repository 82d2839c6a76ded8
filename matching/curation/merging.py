"""Bring a lot of drafts into a list in one go: what an import does again and again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from psycopg import sql

from matching.curation.drafts import EntryDraft, await_other_additions, columns_of
from matching.hashing import SignalInvalid
from matching.models import EntryState, HashEntry, HashList, ImportRun
from matching.models.entries import SIGNAL_FIELDS
from matching.partial import keep_signatures

COMPARED: Final = ("violation", "pdq_trimmed", *SIGNAL_FIELDS)
UPDATED: Final = ("created_by", "import_run", "pdq_quality", *COMPARED)
UPDATED_AT_ONCE: Final = 500

Columns = dict[str, Any]


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
    """
    template = HashEntry(hash_list=hash_list, import_run=import_run, created_by=actor)
    usable, refused = _usable(hash_list, drafts)
    with transaction.atomic():
        await_other_additions(hash_list)
        lot = _Lot(import_run, _held(hash_list, usable.values()), refused)
        for place, columns in usable.items():
            lot.sort(place, columns)
        _copy_in(lot.new, template)
        waiting = HashEntry.objects.filter(state=EntryState.PENDING)
        waiting.filter(pk__in=lot.repeated).update(import_run=import_run)
        changed = waiting.bulk_update(
            [
                HashEntry(pk=pk, import_run=import_run, created_by=actor, **columns)
                for pk, columns in lot.changed.items()
            ],
            UPDATED,
            UPDATED_AT_ONCE,
        )
        locals_ = {usable[p]["identity"]: drafts[p].local for p in usable}
        keep_signatures(
            hash_list=hash_list,
            signatures={identity: local for identity, local in locals_.items() if local},
            replaced=lot.changed,
        )
    return Merged(len(lot.new), changed, lot.unchanged, lot.refused)


@dataclass(slots=True)
class _Held:
    """What the list has of an identity, or will have after this lot."""

    columns: Columns
    import_run_id: int | None
    state: str = EntryState.PENDING
    pk: int = 0


@dataclass(slots=True)
class _Lot:
    """Sorts entries by what the list holds of their identity already."""

    run: ImportRun
    held: dict[str, _Held]
    refused: dict[int, str]
    new: list[Columns] = field(default_factory=list)
    changed: dict[int, Columns] = field(default_factory=dict)
    repeated: list[int] = field(default_factory=list)
    unchanged: int = 0

    def sort(self, place: int, columns: Columns) -> None:
        held = self.held.get(columns["identity"])
        if held is None:
            self.held[columns["identity"]] = _Held(columns, self.run.pk)
            self.new.append(columns)
        elif held.state == EntryState.RETIRED:
            self.refused[place] = "was retired, and retirement is final"
        elif all(held.columns.get(name) == columns.get(name) for name in COMPARED):
            self._repeat(held)
        elif held.state != EntryState.PENDING:
            self.refused[place] = f"is {held.state} already, with other signals or violation"
        elif held.import_run_id == self.run.pk:
            self.refused[place] = "contradicts an earlier record of the same file"
        else:
            self.changed[held.pk] = columns
            held.columns, held.import_run_id = columns, self.run.pk

    def _repeat(self, held: _Held) -> None:
        self.unchanged += 1
        if held.state == EntryState.PENDING and held.import_run_id != self.run.pk:
            self.repeated.append(held.pk)
            held.import_run_id = self.run.pk


def _usable(
    hash_list: HashList, drafts: Sequence[EntryDraft]
) -> tuple[dict[int, Columns], dict[int, str]]:
    """The columns of each draft, by place; and why there are none of the others."""
    usable: dict[int, Columns] = {}
    refused: dict[int, str] = {}
    for place, draft in enumerate(drafts):
        try:
            usable[place] = columns_of(draft, hash_list)
        except SignalInvalid as error:
            refused[place] = str(error)
    return usable, refused


def _held(hash_list: HashList, entries: Collection[Columns]) -> dict[str, _Held]:
    """What the list has of these identities."""
    found = HashEntry.objects.filter(
        hash_list=hash_list, identity__in=[columns["identity"] for columns in entries]
    )
    rows = found.order_by().values("pk", "identity", "state", "import_run_id", *COMPARED)
    return {
        row["identity"]: _Held(row, row["import_run_id"], row["state"], row["pk"]) for row in rows
    }


def _copy_in(entries: Sequence[Columns], template: HashEntry) -> None:
    """Insert by COPY, several times as fast as INSERT; constraints hold all the same.

    What `entries` leave open is as in `template`.
    """
    fields = [field for field in HashEntry._meta.concrete_fields if not field.primary_key]
    usual = {field.attname: field.pre_save(template, add=True) for field in fields}
    statement = sql.SQL("COPY {table} ({columns}) FROM STDIN").format(
        table=sql.Identifier(HashEntry._meta.db_table),
        columns=sql.SQL(", ").join(map(sql.Identifier, usual)),
    )
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for columns in entries:
            copy.write_row(list((usual | columns).values()))
