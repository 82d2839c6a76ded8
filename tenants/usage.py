"""Daily counters of what tenants use."""

from __future__ import annotations

import datetime
import secrets
from functools import cache
from typing import Any, Final

from django.db.models import Sum
from psycopg import sql

from tenants.models import Tenant, UsageDay
from tenants.writes import Write, write_together

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
    "units",
)
NOTHING: Final = (0,) * len(COUNTERS)
SLOTS = 8


class UnknownCounter(ValueError):
    """There is no such counter; see `COUNTERS`."""


def count(*, tenant: Tenant, environment: str, **increments: int) -> None:
    """Add to today's counters in the current transaction. Raises `UnknownCounter`.

    Call it late in the transaction: from here to the commit it holds the lock of one of the day's
    slots.
    """
    write_together([counting(tenant=tenant, environment=environment, **increments)])


def counting(*, tenant: Tenant, environment: str, **increments: int) -> Write:
    """What adds to today's counters (UTC, the database's clock), to be written with an effect.

    Test keys count in rows of their own, never in live figures. Raises `UnknownCounter`.
    """
    unknown = sorted(set(increments) - set(COUNTERS))
    if unknown:
        raise UnknownCounter(", ".join(unknown))
    counted = tuple(sorted(counter for counter, amount in increments.items() if amount))
    amounts = [increments[counter] for counter in counted]
    slot = secrets.randbelow(SLOTS)
    return Write(_upsert(counted), [tenant.pk, environment, slot, *amounts])


def daily(
    *, tenant: Tenant, environment: str, first: datetime.date, last: datetime.date
) -> list[dict[str, Any]]:
    """Every day (UTC) from `first` to `last`, oldest first: `day` and each of `COUNTERS`."""
    rows = (
        UsageDay.objects.filter(tenant=tenant, environment=environment, day__range=(first, last))
        .order_by()
        .values("day")
        .annotate(**{f"{counter}_sum": Sum(counter) for counter in COUNTERS})
        .values_list("day", *(f"{counter}_sum" for counter in COUNTERS))
    )
    used = {day: sums for day, *sums in rows}
    days = [first + datetime.timedelta(days=place) for place in range((last - first).days + 1)]
    return [
        {"day": day, **dict(zip(COUNTERS, map(int, used.get(day, NOTHING)), strict=True))}
        for day in days
    ]


@cache
def _upsert(counted: tuple[str, ...]) -> str:
    """One statement that makes the row or adds to it, whoever comes first.

    It names only what is counted: PostgreSQL has every other column to look after for nothing.
    """
    table = sql.Identifier(UsageDay._meta.db_table)
    columns = [sql.Identifier(name) for name in ("tenant_id", "environment", "slot", *counted)]
    sums = [
        sql.SQL("{0} = {1}.{0} + excluded.{0}").format(sql.Identifier(counter), table)
        for counter in counted
    ]
    composed = sql.SQL(
        "INSERT INTO {table} (day, {columns})"
        " VALUES ((statement_timestamp() AT TIME ZONE 'UTC')::date, {values})"
        " ON CONFLICT (tenant_id, environment, day, slot) DO {change}"
    ).format(
        table=table,
        columns=sql.SQL(", ").join(columns),
        values=sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        change=sql.SQL("UPDATE SET ") + sql.SQL(", ").join(sums) if sums else sql.SQL("NOTHING"),
    )
    return composed.as_string()
