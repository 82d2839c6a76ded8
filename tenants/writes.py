"""Several inserts in one statement: they commit together, at the price of one round trip.

PostgreSQL runs all parts of a statement in one transaction and waits for the disk once. On the
path of a match this takes the place of BEGIN, four INSERTs and COMMIT.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
_JSON: Final = json.JSONEncoder()
MOST_VALUES: Final = 60_000  # PostgreSQL's protocol counts a statement's values in 16 bits


@dataclass(frozen=True, slots=True)
class Write:
    """A data-modifying statement with `%s` placeholders, and their values."""

    statement: str
    values: Sequence[Any]


def unsaved(model: type[Row], **values: Any) -> Row:
    """What `model(**values)` makes, without its signals and in less than half the time.

    Raises TypeError for a value that the model has no field for.
    """
    shape = _shape(model)
    if unknown := values.keys() - shape.fields:
        raise TypeError(f"{model.__name__} has no field {', '.join(sorted(unknown))}")
    row = model.__new__(model)
    row._state = ModelState()
    row.__dict__ |= shape.constants
    for name, make in shape.made.items():
        if name not in values:
            row.__dict__[name] = make()
    for name, value in values.items():
        if name in shape.relations:
            _relate(row, shape.relations[name], value)
        else:
            row.__dict__[name] = value
    return row


def _relate(row: models.Model, field: models.ForeignKey[Any, Any], to: models.Model | None) -> None:
    row._state.fields_cache[field.name] = to
    target = field.target_field.attname
    row.__dict__[field.attname] = None if to is None else getattr(to, target)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A model's fields by name: all, those that refer to others, and the defaults of a new row,
    of which some are the same for every row and some are made for each.
    """

    fields: frozenset[str]
    relations: Mapping[str, models.ForeignKey[Any, Any]]
    constants: Mapping[str, Any]
    made: Mapping[str, Callable[[], Any]]


@cache
def _shape(model: type[models.Model]) -> _Shape:
    fields = model._meta.concrete_fields
    made = {field.name: field.get_default for field in fields if callable(field.default)}
    return _Shape(
        frozenset(field.name for field in fields),
        {field.name: field for field in fields if isinstance(field, models.ForeignKey)},
        {field.attname: field.get_default() for field in fields if field.name not in made},
        made,
    )


def insertions(rows: Sequence[models.Model]) -> list[Write]:
    """Insert unsaved rows of one model, in as few writes as their values allow."""
    if not rows:
        return []
    at_once = MOST_VALUES // len(_written(type(rows[0])))
    return [insertion(rows[start : start + at_once]) for start in range(0, len(rows), at_once)]


def insertion(rows: Sequence[models.Model]) -> Write:
    """Insert unsaved rows of one model. They do not learn their primary keys."""
    model = type(rows[0])
    layout = _layout(model, _left_out(rows[0]))
    values = [value for row in rows for value in layout.values(row)]
    return Write(_insert(model._meta.db_table, layout.names, len(rows)), values)


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


@lru_cache(maxsize=64)  # that of a large batch has 200 kB
def _one_statement(*statements: str) -> str:
    *first, last = statements
    parts = ", ".join(f"write_{place} AS ({each})" for place, each in enumerate(first))
    return f"WITH {parts} {last}" if parts else last


class _Layout:
    """The columns of an insert, and how to get a row's values for them: most go as they are."""

    def __init__(self, fields: Sequence[models.Field[Any, Any]]) -> None:
        self.names = tuple(str(field.column) for field in fields)
        self._keys = [field.attname for field in fields]
        self._prepared = [
            (place, _preparing(field))
            for place, field in enumerate(fields)
            if not _goes_as_it_is(field)
        ]

    def values(self, row: models.Model) -> list[Any]:
        held = row.__dict__
        values = [held[key] for key in self._keys]
        for place, prepare in self._prepared:
            values[place] = prepare(row)
        return values


def _preparing(field: models.Field[Any, Any]) -> Callable[[models.Model], Any]:
    """Makes the value of `field` for a row; what often comes is made as PostgreSQL's own text."""
    if _is_array_of_text(field):
        return _written_by(field.attname, lambda texts: _array(tuple(texts)))
    if type(field) is models.JSONField and field.encoder is None:
        return _written_by(field.attname, _JSON.encode)
    return lambda row: field.get_db_prep_save(field.pre_save(row, add=True), connection)


def _written_by(name: str, write: Callable[[Any], str]) -> Callable[[models.Model], str | None]:
    def written(row: models.Model) -> str | None:
        value = row.__dict__[name]
        return None if value is None else write(value)

    return written


def _is_array_of_text(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, ArrayField) and isinstance(field.base_field, models.CharField)


@lru_cache(maxsize=256)
def _array(texts: tuple[str, ...]) -> str:
    """An array of texts as PostgreSQL writes it, each of them quoted."""
    quoted = (text.replace("\\", r"\\").replace('"', r"\"") for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


def _left_out(row: models.Model) -> tuple[str, ...]:
    """The columns of which the row has no value of its own: the database fills in its defaults."""
    held = row.__dict__
    return tuple(
        name for name in _defaulted(type(row)) if isinstance(held.get(name), DatabaseDefault)
    )


@cache
def _defaulted(model: type[models.Model]) -> list[str]:
    return [field.attname for field in _written(model) if field.has_db_default()]


@cache
def _layout(model: type[models.Model], left_out: tuple[str, ...]) -> _Layout:
    return _Layout([field for field in _written(model) if field.attname not in left_out])


def _goes_as_it_is(field: models.Field[Any, Any]) -> bool:
    if isinstance(field, ArrayField):
        return not _is_array_of_text(field) and _goes_as_it_is(field.base_field)
    if isinstance(field, models.DateTimeField):
        return not field.auto_now and not field.auto_now_add
    return type(field) in _UNCHANGED


@cache
def _written(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
    composed = sql.SQL("INSERT INTO {table} ({columns}) VALUES {rows}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        rows=sql.SQL(", ").join([one] * rows),
    )
    return composed.as_string()
