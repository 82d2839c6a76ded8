"""A key with its tenant and plan: what every request begins with."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection

from tenants import acting
from tenants.keys import alongside
from tenants.models import ApiKey, Plan, Tenant
from tenants.reads import composed, taken
from tenants.statements import run

STATEMENT = """
    SELECT statement_timestamp(), <adopt> {columns}
      FROM tenants_key_shown(%s) AS key
      JOIN {tenant} AS tenant ON tenant.id = key.tenant_id
      JOIN {plan} AS plan ON plan.id = tenant.plan_id
      <along>
"""
ADOPT = (
    "set_config('app.tenant_id', key.tenant_id::text, false), set_config('app.scope', '', false),"
)
Found = tuple[ApiKey, datetime.datetime] | tuple[None, None]


def look_up(key_id: str) -> Found:
    """The key of that id, whatever its state, and the database's time; twice None without one."""
    rows = run(_statement(), [key_id])
    return _read(rows[0], key_id) if rows else (None, None)


def look_up_and_adopt(key_id: str) -> Found:
    """The same; PostgreSQL takes what follows to run for the key's tenant, at no extra cost.

    Here nobody has proven the key yet: the caller becomes the tenant, or stays nobody and has
    PostgreSQL told so before the next statement.
    """
    acting.told(connection, None)
    with acting.acting_as(acting.SELF_DECLARED):
        rows = run(_statement(ADOPT), [key_id])
    if not rows:
        return None, None
    now, tenant, _, *values = rows[0]
    acting.told(connection, acting.Acting(tenant=int(tenant)))
    return _read((now, *values), key_id)


def _read(row: Sequence[Any], key_id: str) -> Found:
    """The key in the row; none when it is the row that is read in place of one that is not there.

    That is judged last: an unknown id is to take as long as any other.
    """
    now, *values = row
    key, tenant, plan = taken(ApiKey, values), taken(Tenant, values), taken(Plan, values)
    key._state.fields_cache["tenant"] = tenant  # what `key.tenant = tenant` comes to
    tenant._state.fields_cache["plan"] = plan
    alongside.keep(key, values)
    return (key, now) if key.key_id == key_id else (None, None)


@cache
def _statement(adopt: str = "") -> str:
    beside = alongside.tables()
    joined = " ".join(f"LEFT JOIN {{{alias}}} AS {alias} ON true" for alias in beside)
    statement = STATEMENT.replace("<adopt>", adopt).replace("<along>", joined)
    return composed(statement, {"key": ApiKey, "tenant": Tenant, "plan": Plan, **beside})
