"""Slow for those who guess. The audit log is the memory of what failed."""

from __future__ import annotations

import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from tenants.acting import SERVICE, acting_as
from tenants.audit import context
from tenants.models import AuditEvent

WINDOW: Final = datetime.timedelta(minutes=15)
MOST_FOR_ACCOUNT: Final = 5  # failures of one account from one address: nobody locks others out
MOST_FOR_ADDRESS: Final = 30  # failures of one address, whatever the account
THROTTLED: Final = "throttled"


def wait_for_turn(target: str) -> None:
    """Parallel guesses at one account from one address take turns, or the count would lag.

    Until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"sign-in {target} {context.current().address}"],
        )


def failed_too_often(target: str) -> bool:
    """Whether too many sign-ins failed here of late, at that account or at all."""
    with acting_as(SERVICE):  # nobody has proven who they are yet
        failures = AuditEvent.objects.filter(
            tenant=None,
            at__gte=timezone.now() - WINDOW,
            action="account.sign_in_failed",
            address=context.current().address,
        ).exclude(data__reason=THROTTLED)
        of_account = failures.filter(target=target).order_by()[:MOST_FOR_ACCOUNT].count()
        of_address = failures.order_by()[:MOST_FOR_ADDRESS].count()
    return of_account == MOST_FOR_ACCOUNT or of_address == MOST_FOR_ADDRESS
