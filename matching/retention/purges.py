"""Purges: proposed by one person, done when another approves."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from matching.models import (
    Feedback,
    Hold,
    RecordKind,
    RetainedHashes,
    RetentionPeriod,
    Submission,
    Verdict,
)
from matching.retention.periods import period_of
from tenants.acting import SERVICE, acting_as
from tenants.audit.record import Actor, record
from tenants.models import Proposal, ProposedAct, Tenant
from tenants.proposals import approving, propose


@dataclass(frozen=True)
class Due:
    """What a purge would take now, and what holds keep from it."""

    purged: int
    held: int


def due(*, tenant: Tenant, kind: RecordKind) -> Due:
    """Raises `PeriodNotSet`."""
    old = _older(tenant, kind, _covered(period_of(tenant=tenant, kind=kind)))
    held = old.filter(_is_held()).count()
    return Due(old.count() - held, held)


def propose_purge(*, tenant: Tenant, kind: RecordKind, reason: str, actor: User) -> Proposal:
    """Propose to purge the tenant's records of `kind` that are older than their period now.

    Raises `PeriodNotSet`.
    """
    before = _covered(period_of(tenant=tenant, kind=kind))
    terms = {"kind": kind.value, "before": before.isoformat()}
    return propose(tenant=tenant, act=ProposedAct.PURGE, terms=terms, reason=reason, actor=actor)


def purge(*, proposal: Proposal, actor: User) -> int:
    """Do what was proposed, as a second person; returns how many records were purged.

    What is held stays, and so does what the period covers by now, should it have become longer.
    Raises `SamePerson`, `ProposalClosed`, `PeriodNotSet`.
    """
    with approving(proposal=proposal, act=ProposedAct.PURGE, actor=actor) as approved:
        kind = RecordKind(approved.terms["kind"])
        covered = _covered(period_of(tenant=approved.tenant, kind=kind))
        before = min(datetime.datetime.fromisoformat(approved.terms["before"]), covered)
        old = _older(approved.tenant, kind, before)
        held = old.filter(_is_held()).count()
        purged = _purge(old.exclude(_is_held()))
        approved.outcome = {"purged": purged, "held": held}
        record(
            action="retention.purged",
            actor=Actor.user(actor),
            tenant=approved.tenant,
            target=kind,
            data={"before": before.isoformat(), **approved.outcome},
        )
    return purged


def _purge(records: QuerySet[Submission]) -> int:
    with acting_as(SERVICE):  # what is retained for lookback no tenant's statement sees
        RetainedHashes.objects.filter(submission__in=records).delete()
    Feedback.objects.filter(match__submission__in=records).update(note="")
    return records.update(content_id="", sha256=None, purged_at=Now())


def _covered(period: RetentionPeriod) -> datetime.datetime:
    """What is older than this the period does not keep."""
    return timezone.now() - datetime.timedelta(days=period.days)


def _older(tenant: Tenant, kind: RecordKind, before: datetime.datetime) -> QuerySet[Submission]:
    matched = Q(verdict=Verdict.MATCH)
    return Submission.objects.filter(
        matched if kind is RecordKind.MATCHED else ~matched,
        tenant=tenant,
        created_at__lt=before,
        purged_at=None,
    )


def _is_held() -> Exists:
    return Exists(Hold.objects.filter(submission=OuterRef("pk"), released_at=None, until__gt=Now()))
