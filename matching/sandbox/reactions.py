"""Does a tenant's client take errors for clean? Told by what it did with each fixture."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models.functions import Now

from matching.models import FixtureReaction, Reaction, Verdict
from matching.sandbox.fixtures import FIXTURES, Fixture
from tenants.audit.record import Actor, record
from tenants.models import Tenant


class Judgement(StrEnum):
    MISSING = "missing"
    RIGHT = "right"
    NEEDLESS = "needless"
    """Safe, and yet not what the answer asks for."""

    FAIL_OPEN = "fail-open"
    """Something that nobody cleared was let through."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A line of the checklist."""

    fixture: Fixture
    reaction: str | None
    judgement: Judgement
    noted_at: datetime.datetime | None = None


def note_reaction(*, tenant: Tenant, fixture: Fixture, reaction: str, actor: Actor) -> Judgement:
    """Note what the tenant's client did; the latest counts."""
    with transaction.atomic():
        FixtureReaction.objects.update_or_create(
            tenant=tenant,
            fixture=fixture.name,
            defaults={"reaction": reaction, "noted_at": Now()},
        )
        record(
            action="sandbox.noted",
            actor=actor,
            tenant=tenant,
            target=fixture.name,
            status=201,
            data={"reaction": reaction},
        )
    return judged(fixture, reaction)


def checklist(tenant: Tenant) -> Sequence[Checked]:
    """Every fixture with what the tenant's client did, in the order of the fixtures."""
    noted = {row.fixture: row for row in FixtureReaction.objects.filter(tenant=tenant)}
    return [_checked(fixture, noted.get(fixture.name)) for fixture in FIXTURES]


def _checked(fixture: Fixture, noted: FixtureReaction | None) -> Checked:
    if noted is None:
        return Checked(fixture, None, Judgement.MISSING)
    return Checked(fixture, noted.reaction, judged(fixture, noted.reaction), noted.noted_at)


def judged(fixture: Fixture, reaction: str | None) -> Judgement:
    if reaction is None:
        return Judgement.MISSING
    if fixture.expected.verdict == Verdict.NO_KNOWN_MATCH:
        return Judgement.RIGHT if reaction == Reaction.PASSED else Judgement.NEEDLESS
    if reaction == Reaction.PASSED:
        return Judgement.FAIL_OPEN
    is_match = fixture.expected.verdict == Verdict.MATCH
    return Judgement.NEEDLESS if is_match and reaction == Reaction.RETRIED else Judgement.RIGHT
