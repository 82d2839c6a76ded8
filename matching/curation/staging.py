"""A place beside the list where an import puts everything down before anything changes.

Temporary tables of this connection: nobody else sees them, they are gone with the process, and what
is compared and merged is compared and merged by PostgreSQL as a set. Rows come as the bytes that
its binary COPY takes, so that whoever reads a file makes them while the database is at work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, LiteralString

from django.db import connection, transaction
from psycopg import sql

from matching.curation.drafts import EntryDraft, Votes, columns_of
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
_DEFINITIONS: Final = sql.SQL(", ").join(
    sql.SQL("{} {}{}").format(
        sql.Identifier(name),
        sql.SQL(kind),
        # The order of plain bytes: sorting by a language's rules would cost several times as much.
        sql.SQL(' COLLATE "C"' if kind == "text" else ""),
    )
    for name, kind in TYPES.items()
)
_BYTES: Final = tuple(name for name, kind in TYPES.items() if kind == "bytea")

# PostgreSQL's documentation of COPY, "Binary Format": a field is its length and its bytes.
_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_TAKES: Final = [size.to_bytes(4, "big") for size in range(256)]
_ROW: Final = len(TYPES).to_bytes(2, "big") + _TAKES[8]
_LISTED, _WITHDRAWN = _TAKES[1] + b"\0", _TAKES[1] + b"\1"
_QUALITY: Final[dict[int | None, bytes]] = {
    None: _NULL,
    **{number: _TAKES[2] + number.to_bytes(2, "big") for number in range(101)},
}
_JSONB: Final = b"\1"  # the version of its binary form
_NO_VOTES: Final = _TAKES[3] + _JSONB + b"{}"

_TABLES: Final = tuple(map(sql.Identifier, ("import_stage", "import_withdrawal")))

StagedRow = bytes


def row_of_draft(number: int, draft: EntryDraft, hash_list: HashList) -> StagedRow:
    """An entry to be, as a row to stage. Raises SignalInvalid."""
    columns = columns_of(draft, hash_list)
    fields = [_ROW, number.to_bytes(8, "big"), _LISTED]
    fields += [_field(columns[name].encode()) for name in ("identity", "external_id", "violation")]
    signals = [_NULL if (value := columns.get(name)) is None else _field(value) for name in _BYTES]
    *signals, trimmed = signals
    quality = _QUALITY[columns.get("pdq_quality")]
    return b"".join([*fields, *signals, quality, trimmed, _votes(draft.votes)])


def row_of_withdrawal(number: int, identity: str) -> StagedRow:
    """An entry that its source took back, as a row to stage."""
    fields = [_ROW, number.to_bytes(8, "big"), _WITHDRAWN, _field(identity.encode())]
    return b"".join([*fields, _NULL * (len(TYPES) - 3)])


def _field(value: bytes) -> bytes:
    size = len(value)
    return (_TAKES[size] if size < len(_TAKES) else size.to_bytes(4, "big")) + value


def _votes(votes: Votes) -> bytes:
    return _field(_JSONB + json.dumps(votes).encode()) if votes else _NO_VOTES


@dataclass(slots=True)
class Stage:
    """How much was put down and not forgotten yet."""

    entries: int = 0
    withdrawals: int = 0

    def add(self, *, entries: Sequence[StagedRow], withdrawals: Sequence[StagedRow] = ()) -> None:
        """Put down rows as `row_of_draft` and `row_of_withdrawal` make them."""
        _copy(entries, "COPY import_stage FROM STDIN (FORMAT BINARY)")
        _copy(withdrawals, "COPY import_withdrawal FROM STDIN (FORMAT BINARY)")
        self.entries += len(entries)
        self.withdrawals += len(withdrawals)

    def forget_entries(self) -> None:
        """Clear what was merged away; withdrawals stay, for they are carried out at the end."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE import_stage, import_fate")
        self.entries = 0

    def recall_withdrawals(self) -> None:
        """Put the withdrawals beside the entries that are staged still."""
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO import_stage TABLE import_withdrawal")


def _copy(rows: Sequence[StagedRow], statement: LiteralString) -> None:
    if not rows:
        return
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(b"".join([_BEGIN, *rows, _END]))


@contextmanager
def staging() -> Iterator[Stage]:
    """An empty stage in a transaction of the caller's; it is cleared away at the end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for name in _TABLES:
                cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(name, _DEFINITIONS))
            cursor.execute(
                "CREATE TEMPORARY TABLE import_fate"
                " (number int8, entry_id int8, fate text, reason text)"
            )
        yield Stage()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE import_stage, import_withdrawal, import_fate")
