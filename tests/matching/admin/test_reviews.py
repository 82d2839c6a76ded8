"""The review queue: seen by curators, decided once, with a reason."""

from __future__ import annotations

import pytest

from matching.feedback import give_feedback
from matching.match import match_image
from matching.models import Match, ReviewItem
from tenants.audit.record import Actor
from tests.matching.admin.rows import begin, confirm, events, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(acme, known_entry, known_picture) -> ReviewItem:
    match_image(key=acme.key, data=known_picture)
    give_feedback(
        match=Match.objects.get(), verdict="false_positive", note="n", actor=Actor.key(acme.key)
    )
    return ReviewItem.objects.get()


def test_queue_shows_what_tenants_say(desk, item):
    answer = desk.get(page("reviewitem")).content.decode()

    assert "false positive" in answer
    assert "Acme" in answer


def test_item_tells_entry_and_why_it_matched(desk, item):
    answer = desk.get(page("reviewitem", "change", item.pk)).content.decode()

    assert page("hashentry", "change", item.entry_id) in answer
    assert page("match", "change", item.feedback.match_id) in answer


@pytest.mark.parametrize(("act", "outcome"), [("uphold", "upheld"), ("reject", "rejected")])
def test_decision_is_kept_and_audited(desk, curator, item, act, outcome):
    confirm(desk, act, item, expected=1, reason="compared", model="reviewitem")

    item.refresh_from_db()
    assert (item.state, item.decided_by, item.reason) == (outcome, curator, "compared")
    assert [event.data["outcome"] for event in events("review.decided")] == [outcome]


def test_decided_item_is_not_decided_again(desk, item):
    confirm(desk, "uphold", item, expected=1, model="reviewitem")

    assert begin(desk, "reject", item, model="reviewitem").context["plan"].ready == 0


def test_account_without_rights_decides_nothing(outsider_desk, item):
    assert begin(outsider_desk, "uphold", item, model="reviewitem").status_code == 403
