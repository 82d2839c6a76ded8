"""Who works on which row: leases that end by themselves, and let a late worker write nothing.

After Gray and Cheriton, "Leases", 1989; fencing tokens as in Kleppmann, "How to do distributed
locking", 2016.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from matching.models import Leased
from tenants.reads import composed

LEASE: Final = timedelta(seconds=30)
"""Longer than anything between two heartbeats, short enough that a killed worker is soon missed."""

_TAKE: Final = """
    UPDATE {leased}
       SET lease_until = clock_timestamp() + make_interval(secs => %s),
           fence = %s, attempts = attempts + 1
     WHERE id = (SELECT id FROM {leased}
                  WHERE <among> AND (lease_until IS NULL OR lease_until < clock_timestamp())
                  ORDER BY <first> LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""

Row = TypeVar("Row", bound=Leased)


class LeaseLost(Exception):
    """Somebody else works on the row by now."""


def take(
    model: type[Row], *, among: str = "TRUE", values: Sequence[Any] = (), first: str = "id"
) -> Row | None:
    """The first row that nobody holds, leased to the caller; None when there is none.

    `among` is a condition in SQL, `values` are for its placeholders; `first` is what to order by.
    """
    statement = _TAKE.replace("<among>", among).replace("<first>", first)
    statement = composed(statement, {"leased": model})
    with connection.cursor() as cursor:
        cursor.execute(statement, [LEASE.total_seconds(), uuid.uuid4(), *values])
        found = cursor.fetchone()
    return model._default_manager.get(pk=found[0]) if found else None


def held(row: Row) -> QuerySet[Row]:
    """The row, as long as the caller is the one who holds it."""
    return type(row)._default_manager.filter(pk=row.pk, fence=row.fence)


def renew(row: Leased) -> None:
    """A heartbeat. Raises LeaseLost."""
    if not held(row).update(lease_until=Now() + LEASE):
        raise LeaseLost(str(row))


def give_back(row: Leased, *, rest: timedelta | None = None) -> None:
    """Let others take the row, at once or after a rest; this attempt is not counted against it."""
    until = Now() + rest if rest else None
    held(row).update(lease_until=until, attempts=F("attempts") - 1)
