"""A place beside the list where an import puts everything down before anything changes.

A temporary table of this connection: nobody else sees it, it is gone with the process, and what
is compared and merged is compared and merged by PostgreSQL as a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from psycopg import sql
from psycopg.types.json import Jsonb

from matching.curation.drafts import EntryDraft, columns_of
from matching.models import HashList
from matching.models.entries import SIGNAL_FIELDS

TYPES: Final = {
    "number": "int8",
    "withdrawn": "bool",
    "identity": "text",
    "external_id": "text",
    "violation": "text",
    **{name.value: "bytea" for name in SIGNAL_FIELDS},
    "pdq_quality": "int2",
    "pdq_trimmed": "bytea",
    "votes": "jsonb",
}
_FROM_DRAFT: Final = tuple(TYPES)[2:]
_NO_VOTES: Final = Jsonb({})
_DEFINITIONS: Final = sql.SQL(", ").join(
    sql.SQL("{} {}{}").format(
        sql.Identifier(name),
        sql.SQL(kind),
        # The order of plain bytes: sorting by a language's rules would cost several times as much.
        sql.SQL(' COLLATE "C"' if kind == "text" else ""),
    )
    for name, kind in TYPES.items()
)

StagedRow = tuple[Any, ...]


def row_of_draft(number: int, draft: EntryDraft, hash_list: HashList) -> StagedRow:
    """An entry to be, as a row to stage. Raises SignalInvalid."""
    columns = columns_of(draft, hash_list)
    columns["votes"] = Jsonb(draft.votes) if draft.votes else _NO_VOTES
    return (number, False, *map(columns.get, _FROM_DRAFT))


def row_of_withdrawal(number: int, identity: str) -> StagedRow:
    """An entry that its source took back, as a row to stage."""
    return (number, True, identity, *[None] * (len(_FROM_DRAFT) - 1))


@dataclass(slots=True)
class Stage:
    """What was put down so far."""

    withdrawals: int = 0

    def add(self, rows: Iterable[StagedRow]) -> None:
        """Put down rows as `row_of_draft` and `row_of_withdrawal` make them."""
        with (
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy("COPY import_stage FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(list(TYPES.values()))
            for row in rows:
                self.withdrawals += row[1]
                copy.write_row(row)

    def forget_entries(self) -> None:
        """Clear what was merged away; withdrawals stay, for they are carried out at the end."""
        with connection.cursor() as cursor:
            if self.withdrawals:
                cursor.execute("DELETE FROM import_stage WHERE NOT withdrawn")
            else:
                cursor.execute("TRUNCATE import_stage")


@contextmanager
def staging() -> Iterator[Stage]:
    """An empty stage; it is cleared away at the end, whatever happened."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_stage, import_fate")
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE import_stage ({})").format(_DEFINITIONS))
    try:
        yield Stage()
    finally:
        if connection.is_usable() and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS import_stage, import_fate")
