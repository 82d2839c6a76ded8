"""The verbs: prepare a report from a match, and let it be sent."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from matching.cybertips.document import Incident, document_of
from matching.models import CyberTip, Match, TipState
from matching.models.cybertips import RETRIED_FOR
from matching.retention import place_hold
from matching.retention.holds import REPORT_ACT
from tenants.audit.record import Actor, record
from tenants.models import Environment


class AlreadyReported(Exception):
    """The match has a report that is sent, or will be."""


class OfATestKey(Exception):
    """What a test key finds is tried out and no incident: it must never reach the authorities."""


class NotConfigured(Exception):
    """The operator has not said where reports go."""


def prepare(*, match: Match, incident: Incident, actor: Actor) -> CyberTip:
    """A checked draft of a report, which goes nowhere until `send`. Raises `TipInvalid`."""
    document = document_of(match, incident)
    with transaction.atomic():
        tip = CyberTip.objects.create(tenant=match.tenant, match=match, document=document)
        _record("tip.prepared", tip, actor, 201)
    return tip


def send(*, tip: CyberTip, actor: Actor) -> None:
    """Let the worker send the report, and hold the submission's record for a year from then on.

    Sending it again changes nothing. Raises `AlreadyReported` when another report of the match is
    on its way, `NotConfigured` when there is nowhere to send it to, `OfATestKey`.
    """
    check_configured()
    if tip.match.submission.environment != Environment.LIVE:
        raise OfATestKey("This match was found with a test key: its report stays a draft.")
    with transaction.atomic():
        locked = CyberTip.objects.select_for_update(of=("self",)).get(pk=tip.pk)
        if locked.state == TipState.DRAFT:
            _queue(locked)
            place_hold(
                submission=locked.match.submission,
                reason="reported to the CyberTipline",
                reference=locked.public_id,
                until=timezone.now() + RETRIED_FOR + REPORT_ACT,
                actor=actor,
            )
        _record("tip.queued", locked, actor, 202)
    tip.refresh_from_db()


def check_configured() -> None:
    """Raises NotConfigured when there is nowhere to send reports to."""
    if not settings.NCMEC_URL:
        raise NotConfigured("Reports can not be sent: NCMEC_URL is not set.")


def _queue(tip: CyberTip) -> None:
    try:
        with transaction.atomic():
            CyberTip.objects.filter(pk=tip.pk).update(
                state=TipState.QUEUED, queued_at=Now(), next_attempt_at=Now()
            )
    except IntegrityError as error:
        raise AlreadyReported("This match was reported already.") from error


def _record(action: str, tip: CyberTip, actor: Actor, status: int) -> None:
    record(
        action=action,
        actor=actor,
        tenant=tip.tenant,
        target=tip.public_id,
        status=status,
        data={"match": tip.match.public_id},
    )
