"""The kill switches: stop a signal type, or everything, in the next request of every process.

They stand in the row that every request reads anyway. Starting again is decided by two people.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from matching.curation.errors import Conflict
from matching.curation.people import needed
from matching.hashing import SignalType
from matching.models import EVERYTHING, ListsVersion
from tenants.audit.record import Actor, record

CAN_BE_STOPPED: Final = (EVERYTHING, *(signal.value for signal in SignalType))


def stop_signal(*, signal: str, actor: User, reason: str) -> None:
    """Match nothing by `signal` (a signal type or `all`) from now on. One person may.

    What can not be looked at is answered `not_checked`; with everything stopped, requests are
    refused. Raises Conflict when it is stopped already; ValueError.
    """
    if signal not in CAN_BE_STOPPED:
        raise ValueError(f"{signal} is no signal type")
    with transaction.atomic():
        ListsVersion.objects.advance()
        current = ListsVersion.objects.get()
        if signal in current.stopped:
            raise Conflict(f"{signal} is stopped already")
        ListsVersion.objects.update(stopped=sorted({*current.stopped, signal}))
        record(
            action="signal.stopped",
            actor=Actor.user(actor),
            target=f"signal:{signal}",
            data={"reason": needed(reason)},
        )
