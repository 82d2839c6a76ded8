"""Several inserts in one statement: they commit together, at the price of one round trip.

PostgreSQL runs all parts of a statement in one transaction and waits for the disk once. On the
path of a match this takes the place of BEGIN, four INSERTs and COMMIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault
from psycopg import sql

from tenants.statements import run

Row = TypeVar("Row", bound=models.Model)

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


def unsaved(model: type[Row], **values: Any) -> Row:
    """What `model(**values)` makes, without its signals and in a fourth of the time.

    Raises TypeError for a value that the model has no field for.
    """
    fields = _fields(model)
    if unknown := sorted(values.keys() - fields.keys()):
        raise TypeError(f"{model.__name__} has no field {', '.join(unknown)}")
    row = model.__new__(model)
    row._state = ModelState()
    for name, field in fields.items():
        if name not in values:
            row.__dict__[field.attname] = field.get_default()
        elif isinstance(field, models.ForeignKey):
            _relate(row, field, values[name])
        else:
            row.__dict__[name] = values[name]
    return row


def _relate(row: models.Model, field: models.ForeignKey[Any, Any], to: models.Model | None) -> None:
    row._state.fields_cache[field.name] = to
    target = field.target_field.attname
    row.__dict__[field.attname] = None if to is None else getattr(to, target)


@cache
def _fields(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    return {field.name: field for field in model._meta.concrete_fields}


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
    statement = _one_statement(*(write.statement for write in writes))
    run(statement, [value for write in writes for value in write.values])


@lru_cache(maxsize=32)  # that of a large batch has 200 kB
def _one_statement(*statements: str) -> str:
    *first, last = statements
    parts = ", ".join(f"write_{place} AS ({each})" for place, each in enumerate(first))
    return f"WITH {parts} {last}" if parts else last


class _Column:
    """How a field's value goes into a statement: most do as they are."""

    __slots__ = ("_field", "_goes_as_it_is", "_has_default", "_key", "name")

    def __init__(self, field: models.Field[Any, Any]) -> None:
        self.name = str(field.column)
        self._key = field.attname
        self._field = field
        self._goes_as_it_is = _goes_as_it_is(field)
        self._has_default = field.has_db_default()

    def is_given(self, row: models.Model) -> bool:
        """Whether the row has a value of its own; otherwise the database fills in its default."""
        return not (self._has_default and isinstance(row.__dict__.get(self._key), DatabaseDefault))

    def value(self, row: models.Model) -> Any:
        if self._goes_as_it_is:
            return row.__dict__[self._key]
        field = self._field
        return field.get_db_prep_save(field.pre_save(row, add=True), connection)


def _goes_as_it_is(field: models.Field[Any, Any]) -> bool:
    if isinstance(field, ArrayField):
        return _goes_as_it_is(field.base_field)
    if isinstance(field, models.DateTimeField):
        return not field.auto_now and not field.auto_now_add
    return type(field) in _UNCHANGED


@cache
def _columns(model: type[models.Model]) -> list[_Column]:
    return [_Column(field) for field in model._meta.concrete_fields if not field.primary_key]


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
    composed = sql.SQL("INSERT INTO {table} ({columns}) VALUES {rows}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        rows=sql.SQL(", ").join([one] * rows),
    )
    return composed.as_string()
