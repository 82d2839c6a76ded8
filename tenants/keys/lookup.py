"""A key with its tenant and plan: what every request begins with."""

from __future__ import annotations

import datetime
from functools import cache

from django.db import connection

from tenants.models import ApiKey, Plan, Tenant
from tenants.reads import composed, taken

STATEMENT = """
    SELECT statement_timestamp(), {columns}
      FROM {key} AS key
      JOIN {tenant} AS tenant ON tenant.id = key.tenant_id
      JOIN {plan} AS plan ON plan.id = tenant.plan_id
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
    key = taken(ApiKey, values)
    key.tenant = taken(Tenant, values)
    key.tenant.plan = taken(Plan, values)
    return key, now


@cache
def _statement() -> str:
    return composed(STATEMENT, {"key": ApiKey, "tenant": Tenant, "plan": Plan})
