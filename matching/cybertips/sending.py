"""The worker's part: send what is due, try again for 30 days, and write down what came of it.

A report is opened and then finished; the CyberTipline forgets what is never finished. Its number is
kept in between, so a try that was cut short goes on where it ended and nothing counts twice.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from matching.cybertips.cybertipline import Refused, Unanswered, finish_report, open_report
from matching.models import CyberTip, TipState
from matching.models.cybertips import RETRIED_FOR
from tenants.audit.record import Actor, record

LEASE: Final = datetime.timedelta(minutes=5)
LONGEST_WAIT: Final = datetime.timedelta(hours=6)
SENDER: Final = Actor.system("matching.send_cybertips")


def send_due(*, most: int = 100) -> int:
    """Try up to `most` reports that are due; returns how many were tried."""
    for tried in range(most):
        tip = _claimed()
        if tip is None:
            return tried
        _attempt(tip)
    return most


def _claimed() -> CyberTip | None:
    """The report that is due longest, ours for the time of the lease."""
    with transaction.atomic():
        due = CyberTip.objects.filter(state=TipState.QUEUED, next_attempt_at__lte=Now())
        waiting = due.select_for_update(skip_locked=True, of=("self",))
        tip = waiting.order_by("next_attempt_at").first()
        if tip is None:
            return None
        CyberTip.objects.filter(pk=tip.pk).update(
            attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE
        )
    tip.attempts += 1
    return tip


def _attempt(tip: CyberTip) -> None:
    try:
        if not tip.reference:
            tip.reference = open_report(tip.document)
            _note(tip, reference=tip.reference)
        finish_report(tip.reference)
    except Refused as error:
        _fail(tip, str(error))
    except Unanswered as error:
        _postpone(tip, str(error))
    else:
        _settle(tip, "tip.sent", state=TipState.SENT, sent_at=Now(), last_error="")


def _postpone(tip: CyberTip, why: str) -> None:
    """Wait twice as long as before, up to six hours; after 30 days give up."""
    if tip.queued_at is None or timezone.now() - tip.queued_at > RETRIED_FOR:
        _fail(tip, f"given up: {why}")
        return
    wait = min(datetime.timedelta(minutes=2 ** min(tip.attempts, 16)), LONGEST_WAIT)
    _note(tip, next_attempt_at=Now() + wait, last_error=_fitting(why))


def _fail(tip: CyberTip, why: str) -> None:
    _settle(tip, "tip.failed", state=TipState.FAILED, last_error=_fitting(why))


def _settle(tip: CyberTip, action: str, **values: Any) -> None:
    """Write the end of a report with its event; nothing if another has claimed it meanwhile."""
    with transaction.atomic():
        if _note(tip, next_attempt_at=None, **values):
            record(
                action=action,
                actor=SENDER,
                tenant=tip.tenant,
                target=tip.public_id,
                data={"reference": tip.reference, "error": values["last_error"]},
            )


def _note(tip: CyberTip, **values: Any) -> int:
    ours = CyberTip.objects.filter(pk=tip.pk, attempts=tip.attempts, state=TipState.QUEUED)
    return ours.update(**values)


def _fitting(text: str) -> str:
    return text[:300]
