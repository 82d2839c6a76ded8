"""Several inserts in one statement: they commit together, at the price of one round trip.

PostgreSQL runs all parts of a statement in one transaction and waits for the disk once. On the
path of a match this takes the place of BEGIN, four INSERTs and COMMIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models.expressions import DatabaseDefault
from psycopg import sql

MOST_VALUES = 60_000  # PostgreSQL's protocol counts a statement's values in 16 bits


@dataclass(frozen=True, slots=True)
class Write:
    """A data-modifying statement with `%s` placeholders, and their values."""

    statement: str
    values: Sequence[Any]


def insertions(rows: Sequence[models.Model]) -> list[Write]:
    """Insert unsaved rows of one model, in as few writes as their values allow."""
    if not rows:
        return []
    at_once = MOST_VALUES // len(_fields(type(rows[0])))
    return [insertion(rows[start : start + at_once]) for start in range(0, len(rows), at_once)]


def insertion(rows: Sequence[models.Model]) -> Write:
    """Insert unsaved rows of one model. They do not learn their primary keys."""
    fields = [field for field in _fields(type(rows[0])) if _is_given(rows[0], field)]
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    names = tuple(field.column for field in fields)
    return Write(_insert(type(rows[0])._meta.db_table, names, len(rows)), values)


def write_together(writes: Sequence[Write]) -> None:
    """Run all of `writes` in one statement; none takes effect without the others.

    They see the database as it was before: one can not read what another writes, and foreign keys
    between their rows must be deferred, as Django's are. Writes with more values than a statement
    may have are run one by one, in a transaction.
    """
    if len(writes) > 1 and sum(len(write.values) for write in writes) > MOST_VALUES:
        with transaction.atomic():
            for write in writes:
                write_together([write])
        return
    *first, last = writes
    parts = ", ".join(f"write_{place} AS ({write.statement})" for place, write in enumerate(first))
    statement = f"WITH {parts} {last.statement}" if parts else last.statement
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for write in writes for value in write.values])


@cache
def _fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def _is_given(row: models.Model, field: models.Field[Any, Any]) -> bool:
    """Whether the row has a value of its own; otherwise the database fills in its default."""
    return not isinstance(row.__dict__.get(field.attname), DatabaseDefault)


@cache
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
    composed = sql.SQL("INSERT INTO {table} ({columns}) VALUES {rows}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        rows=sql.SQL(", ").join([one] * rows),
    )
    return composed.as_string()
