"""Several inserts in one statement: they commit together, at the price of one round trip.

PostgreSQL runs all parts of a statement in one transaction and waits for the disk once. On the
path of a match this takes the place of BEGIN, four INSERTs and COMMIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.db import connection, models, transaction
from django.db.models.expressions import DatabaseDefault
from psycopg import sql

# psycopg takes the values of these as they are: asking the field takes longer than the statement.
_UNCHANGED: Final = frozenset(
    {
        models.BigIntegerField,
        models.BinaryField,
        models.BooleanField,
        models.CharField,
        models.ForeignKey,
        models.IntegerField,
        models.PositiveSmallIntegerField,
        models.TextField,
    }
)
MOST_VALUES: Final = 60_000  # PostgreSQL's protocol counts a statement's values in 16 bits


@dataclass(frozen=True, slots=True)
class Write:
    """A data-modifying statement with `%s` placeholders, and their values."""

    statement: str
    values: Sequence[Any]


def insertions(rows: Sequence[models.Model]) -> list[Write]:
    """Insert unsaved rows of one model, in as few writes as their values allow."""
    if not rows:
        return []
    at_once = MOST_VALUES // len(_columns(type(rows[0])))
    return [insertion(rows[start : start + at_once]) for start in range(0, len(rows), at_once)]


def insertion(rows: Sequence[models.Model]) -> Write:
    """Insert unsaved rows of one model. They do not learn their primary keys."""
    columns = [column for column in _columns(type(rows[0])) if column.is_given(rows[0])]
    values = [column.value(row) for row in rows for column in columns]
    names = tuple(column.name for column in columns)
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


class _Column:
    """How a field's value goes into a statement: most do as they are."""

    __slots__ = ("_field", "_goes_as_it_is", "_has_default", "_key", "name")

    def __init__(self, field: models.Field[Any, Any]) -> None:
        self.name = str(field.column)
        self._key = field.attname
        self._field = field
        self._goes_as_it_is = type(field) in _UNCHANGED
        self._has_default = field.has_db_default()

    def is_given(self, row: models.Model) -> bool:
        """Whether the row has a value of its own; otherwise the database fills in its default."""
        return not (self._has_default and isinstance(row.__dict__.get(self._key), DatabaseDefault))

    def value(self, row: models.Model) -> Any:
        if self._goes_as_it_is:
            return row.__dict__[self._key]
        field = self._field
        return field.get_db_prep_save(field.pre_save(row, add=True), connection)


@cache
def _columns(model: type[models.Model]) -> list[_Column]:
    return [_Column(field) for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
    composed = sql.SQL("INSERT INTO {table} ({columns}) VALUES {rows}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        rows=sql.SQL(", ").join([one] * rows),
    )
    return composed.as_string()
