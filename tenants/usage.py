"""Daily counters of what tenants use."""

from __future__ import annotations

import secrets
from typing import Final

from django.db import connection
from psycopg import sql

from tenants.models import Tenant, UsageDay

COUNTERS: Final = (
    "submissions",
    "matches",
    "matches_exact",
    "matches_near",
    "matches_partial",
    "not_checked",
    "errors",
    "rejected",
    "bytes",
)
SLOTS = 8


class UnknownCounter(ValueError):
    """There is no such counter; see `COUNTERS`."""


def count(*, tenant: Tenant, environment: str, **increments: int) -> None:
    """Add to today's counters (UTC, the database's clock) in the current transaction.

    Test keys count in rows of their own, never in live figures. Call it late in the transaction:
    from here to the commit it holds the lock of one of the day's slots. Raises `UnknownCounter`.
    """
    unknown = sorted(set(increments) - set(COUNTERS))
    if unknown:
        raise UnknownCounter(", ".join(unknown))
    amounts = [increments.get(counter, 0) for counter in COUNTERS]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [tenant.pk, environment, secrets.randbelow(SLOTS), *amounts])


def _upsert() -> sql.Composed:
    """One statement that makes the row or adds to it, whoever comes first."""
    table = sql.Identifier(UsageDay._meta.db_table)
    return sql.SQL(
        "INSERT INTO {table} (day, tenant_id, environment, slot, {counters})"
        " VALUES ((statement_timestamp() AT TIME ZONE 'UTC')::date, %s, %s, %s, {amounts})"
        " ON CONFLICT (tenant_id, environment, day, slot) DO UPDATE SET {sums}"
    ).format(
        table=table,
        counters=sql.SQL(", ").join(map(sql.Identifier, COUNTERS)),
        amounts=sql.SQL(", ").join(sql.Placeholder() * len(COUNTERS)),
        sums=sql.SQL(", ").join(
            sql.SQL("{0} = {1}.{0} + excluded.{0}").format(sql.Identifier(counter), table)
            for counter in COUNTERS
        ),
    )


UPSERT: Final = _upsert()
