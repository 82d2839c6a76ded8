"""Records go after their period, when two people say so, and never while they are held."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from matching.models import Hold, Match, RecordKind, Submission
from matching.retention import (
    HoldReleased,
    PeriodNotSet,
    place_hold,
    propose_purge,
    purge,
    release_hold,
    set_period,
)
from tenants.models import AuditEvent, Proposal
from tenants.proposals import ProposalClosed, SamePerson, reject
from tests.cast import NARRATOR, Customer

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def old(acme_api: Any, known_entry: Any, known_picture: bytes, unknown_picture: bytes) -> Any:
    """Two submissions of Acme, one that matched and one that did not, 40 days old."""
    for data in (known_picture, unknown_picture):
        acme_api.post("/v1/match?content_id=mine", data, content_type="image/jpeg")
    Submission.objects.update(created_at=timezone.now() - 40 * DAY)
    return {submission.verdict: submission for submission in Submission.objects.all()}


def proposed(acme: Customer, actor: User, kind: RecordKind = RecordKind.UNMATCHED) -> Proposal:
    set_period(tenant=acme.tenant, kind=kind, days=30, actor=NARRATOR)
    return propose_purge(tenant=acme.tenant, kind=kind, reason="over", actor=actor)


def test_purge_takes_what_links_a_record_and_leaves_the_verdict(
    acme, acme_api, old, curator, second_curator
):
    submission = old["no_known_match"]
    assert purge(proposal=proposed(acme, curator), actor=second_curator) == 1

    submission.refresh_from_db()
    assert (submission.content_id, submission.sha256) == ("", None)
    assert submission.verdict == "no_known_match"
    assert acme_api.get(f"/v1/submissions/{submission.public_id}").status_code == 404
    old["match"].refresh_from_db()
    assert old["match"].content_id == "mine"
    event = AuditEvent.objects.get(action="retention.purged")
    assert (event.data["purged"], event.data["held"]) == (1, 0)


def test_nobody_approves_their_own_proposal(acme, old, curator):
    proposal = proposed(acme, curator)
    with pytest.raises(SamePerson):
        purge(proposal=proposal, actor=curator)

    assert not Submission.objects.exclude(purged_at=None).exists()


def test_database_refuses_one_person_for_two(acme, curator):
    proposal = proposed(acme, curator)
    with pytest.raises(IntegrityError, match="proposal_needs_two_people"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(decided_by=curator, approved=True)


def test_proposal_is_decided_once(acme, old, curator, second_curator):
    proposal = proposed(acme, curator)
    reject(proposal=proposal, actor=second_curator, reason="not yet")

    with pytest.raises(ProposalClosed):
        purge(proposal=proposal, actor=second_curator)
    assert AuditEvent.objects.filter(action="proposal.rejected").count() == 1


def test_held_record_stays_until_it_is_released(acme, old, curator, second_curator):
    hold = place_hold(submission=old["match"], reason="case 7", actor=NARRATOR)
    first = purge(proposal=proposed(acme, curator, RecordKind.MATCHED), actor=second_curator)
    release_hold(hold=hold, reason="closed", actor=NARRATOR)
    second = purge(proposal=proposed(acme, curator, RecordKind.MATCHED), actor=second_curator)

    assert (first, second) == (0, 1)
    assert Match.objects.count() == 1
    with pytest.raises(HoldReleased):
        release_hold(hold=hold, reason="again", actor=NARRATOR)


def test_hold_lasts_a_year_unless_told_otherwise(old):
    hold = place_hold(submission=old["match"], reason="reported", actor=NARRATOR)

    assert hold.until - timezone.now() > 365 * DAY


def test_hold_that_is_over_holds_nothing(acme, old, curator, second_curator):
    place_hold(submission=old["match"], reason="reported", actor=NARRATOR)
    Hold.objects.update(until=timezone.now())

    assert purge(proposal=proposed(acme, curator, RecordKind.MATCHED), actor=second_curator) == 1


def test_without_a_period_nothing_can_be_purged(acme, old, curator):
    with pytest.raises(PeriodNotSet):
        propose_purge(tenant=acme.tenant, kind=RecordKind.MATCHED, reason="space", actor=curator)


def test_period_that_became_longer_protects_what_was_proposed(acme, old, curator, second_curator):
    proposal = proposed(acme, curator)
    set_period(tenant=acme.tenant, kind=RecordKind.UNMATCHED, days=365, actor=NARRATOR)

    assert purge(proposal=proposal, actor=second_curator) == 0
    event = AuditEvent.objects.filter(action="retention.changed").latest("pk")
    assert event.data == {"before": 30, "after": 365}


def test_foreign_records_are_not_purged(acme, rival, old, curator, second_curator):
    set_period(tenant=rival.tenant, kind=RecordKind.UNMATCHED, days=1, actor=NARRATOR)
    proposal = propose_purge(
        tenant=rival.tenant, kind=RecordKind.UNMATCHED, reason="over", actor=curator
    )

    assert purge(proposal=proposal, actor=second_curator) == 0
