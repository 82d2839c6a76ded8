"""A key with its tenant and plan, in one statement that is composed once.

Every request begins here. Composing the same query by the ORM anew each time would cost more than
all other steps at the door together.
"""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models
from psycopg import sql

from tenants.models import ApiKey, Plan, Tenant

STATEMENT = """
    SELECT statement_timestamp(), {columns}
      FROM {keys} AS key
      JOIN {tenants} AS tenant ON tenant.id = key.tenant_id
      JOIN {plans} AS plan ON plan.id = tenant.plan_id
     WHERE key.key_id = %s
"""


def look_up(key_id: str) -> tuple[ApiKey, datetime.datetime] | tuple[None, None]:
    """The key of that id, whatever its state, and the database's time; twice None without one."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [key_id])
        row = cursor.fetchone()
    if row is None:
        return None, None
    now, *values = row
    key: ApiKey = _taken(ApiKey, values)
    key.tenant = _taken(Tenant, values)
    key.tenant.plan = _taken(Plan, values)
    return key, now


def _taken(model: type[models.Model], values: list[Any]) -> Any:
    """A row of `model` from the first of `values`, which it takes away."""
    names = _names(model)
    taken, values[:] = values[: len(names)], values[len(names) :]
    return model.from_db(DEFAULT_DB_ALIAS, names, taken)


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _statement() -> str:
    columns = [
        sql.Identifier(alias, str(field.column))
        for alias, model in (("key", ApiKey), ("tenant", Tenant), ("plan", Plan))
        for field in model._meta.concrete_fields
    ]
    composed = sql.SQL(STATEMENT).format(
        columns=sql.SQL(", ").join(columns),
        keys=sql.Identifier(ApiKey._meta.db_table),
        tenants=sql.Identifier(Tenant._meta.db_table),
        plans=sql.Identifier(Plan._meta.db_table),
    )
    return composed.as_string()
