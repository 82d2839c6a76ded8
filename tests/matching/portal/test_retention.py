"""Retention as the people of a tenant work with it: periods, holds, purges by two of them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import Hold, RetainedHashes, RetentionPeriod, Submission
from tenants.acting import SERVICE, acting_as
from tenants.models import AuditEvent, Proposal, Role

pytestmark = pytest.mark.django_db
PAGE = "/portal/acme/retention"


@pytest.fixture
def old(acme: Any, acme_api: Any, known_entry: Any, unknown_picture: bytes) -> Submission:
    """A submission of Acme that matched nothing, 40 days old, with hashes kept for lookback."""
    acme_api.post("/v1/match?content_id=mine", unknown_picture, content_type="image/jpeg")
    Submission.objects.update(created_at=timezone.now() - datetime.timedelta(days=40))
    submission = Submission.objects.get()
    with acting_as(SERVICE):
        RetainedHashes.objects.get_or_create(
            submission=submission,
            defaults={"tenant": acme.tenant, "environment": "live", "pdq": b"\0" * 32},
        )
    return submission


@pytest.fixture
def colleague(acme: Any, visit: Any) -> Any:
    """The owner's second pair of eyes."""
    return visit(acme, Role.COMPLIANCE)


def set_period(client: Any, kind: str = "unmatched", days: int | str = 30) -> Any:
    return client.post(f"{PAGE}/periods", {"period-kind": kind, "period-days": days})


def propose(client: Any, act: str = "unmatched") -> Any:
    told = {"proposal-act": act, "proposal-reason": "over"}
    return client.post(f"{PAGE}/proposals", told)


def decide(client: Any, **answer: str) -> Any:
    proposal = Proposal.objects.latest("pk")
    return client.post(f"{PAGE}/proposals/{proposal.public_id}", answer, follow=True)


def actions() -> list[str]:
    told = AuditEvent.objects.exclude(action="retention.read").order_by("pk")
    return [event.action for event in told if event.actor_kind == "user"]


def test_two_people_purge_a_record_with_what_lookback_kept_of_it(owner, colleague, old):
    set_period(owner)
    assert "1</td>" in owner.get(PAGE).content.decode()
    propose(owner)
    decide(colleague, approve="1")

    old.refresh_from_db()
    assert (old.content_id, old.sha256, old.verdict) == ("", None, "no_known_match")
    with acting_as(SERVICE):
        assert not RetainedHashes.objects.exists()
    assert actions()[-4:] == [
        "retention.changed",
        "proposal.made",
        "retention.purged",
        "proposal.approved",
    ]


def test_who_proposed_can_not_approve(owner, old):
    set_period(owner)
    propose(owner)
    page = decide(owner, approve="1").content.decode()

    assert "Another person has to decide" in page
    assert Submission.objects.get().content_id == "mine"


def test_second_person_can_say_no(owner, colleague, old):
    set_period(owner)
    propose(owner)
    page = decide(colleague, reason="case open").content.decode()

    assert "case open" in page
    assert Proposal.objects.get().approved is False
    assert Submission.objects.get().content_id == "mine"


def test_purge_needs_a_period(owner, old):
    answer = propose(owner)

    assert answer.status_code == 422
    assert "no retention period" in answer.content.decode()


def test_period_is_lifted_by_leaving_it_empty(owner):
    set_period(owner)
    set_period(owner, days="")

    assert not RetentionPeriod.objects.exists()


def test_hold_is_placed_and_released_with_reasons(owner, colleague, old):
    told = {"hold-submission": old.public_id, "hold-reason": "case 7", "hold-until": ""}
    owner.post(f"{PAGE}/holds", told)
    hold = Hold.objects.get()
    set_period(owner)
    propose(owner)
    assert "0 purged, 1 held" in decide(colleague, approve="1").content.decode()
    owner.post(f"{PAGE}/holds/{hold.public_id}/release", {"reason": ""})
    hold.refresh_from_db()
    assert hold.released_at is None
    owner.post(f"{PAGE}/holds/{hold.public_id}/release", {"reason": "closed"})

    hold.refresh_from_db()
    assert hold.released_at is not None
    assert {"hold.placed", "hold.released"} <= set(actions())


@pytest.mark.parametrize(
    "wrong",
    [{"hold-submission": "sub_unknown"}, {"hold-until": "2020-01-01"}, {"hold-reason": ""}],
)
def test_wrong_hold_is_told_and_not_placed(owner, old, wrong):
    told = {"hold-submission": old.public_id, "hold-reason": "case 7", **wrong}
    answer = owner.post(f"{PAGE}/holds", told)

    assert answer.status_code == 422
    assert not Hold.objects.exists()


def test_foreign_submission_can_not_be_held(stranger, old):
    told = {"hold-submission": old.public_id, "hold-reason": "case 7"}

    assert stranger.post("/portal/rival/retention/holds", told).status_code == 422


def test_two_people_destroy_the_content_key(owner, colleague, acme):
    before = bytes(acme.tenant.content_key)
    propose(owner, "content_key.destroy")
    decide(colleague, approve="1")

    acme.tenant.refresh_from_db()
    assert bytes(acme.tenant.content_key) != before
    assert "content_key.destroyed" in actions()


def test_foreign_proposal_is_not_found(owner, stranger, acme):
    propose(owner, "content_key.destroy")
    proposal = Proposal.objects.get()
    path = f"/portal/rival/retention/proposals/{proposal.public_id}"

    assert stranger.post(path, {"approve": "1"}).status_code == 404
    assert User.objects.count() == 2
