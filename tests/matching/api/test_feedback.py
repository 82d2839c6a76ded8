"""Tenants say whether a match was right; it reaches the curators."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matching.curation import decide_review
from matching.models import Feedback, ReviewItem, ReviewState
from tenants.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def match_id(acme_api: Any, known_entry: Any, known_picture: bytes) -> str:
    answer = acme_api.post("/v1/match", known_picture, content_type="image/jpeg").json()
    return answer["matches"][0]["match_id"]


def say(client: Any, match_id: str, verdict: str, **more: Any) -> Any:
    return client.post(
        f"/v1/matches/{match_id}/feedback",
        json.dumps({"verdict": verdict, **more}),
        content_type="application/json",
    )


def test_feedback_is_noted_and_reaches_the_review_queue(acme_api, match_id, known_entry):
    answer = say(acme_api, match_id, "false_positive", note="our logo")

    assert answer.status_code == 201
    assert answer.json() == {"match_id": match_id, "verdict": "false_positive", "note": "our logo"}
    item = ReviewItem.objects.get()
    assert (item.state, item.entry, item.feedback.note) == ("open", known_entry, "our logo")


def test_feedback_is_audited(acme_api, match_id):
    say(acme_api, match_id, "confirmed")

    event = AuditEvent.objects.get(action="feedback.given")
    assert (event.target, event.data["verdict"]) == (match_id, "confirmed")


def test_latest_word_counts_and_opens_the_question_again(acme_api, match_id, curator):
    say(acme_api, match_id, "false_positive")
    decide_review(
        item=ReviewItem.objects.get(), outcome="rejected", actor=curator, reason="it is listed"
    )

    say(acme_api, match_id, "false_positive", note="look again")

    assert Feedback.objects.get().note == "look again"
    assert ReviewItem.objects.get().state == ReviewState.OPEN
    assert AuditEvent.objects.filter(action="feedback.given").count() == 2


def test_repeated_word_leaves_a_decision_alone(acme_api, match_id, curator):
    say(acme_api, match_id, "false_positive")
    decide_review(item=ReviewItem.objects.get(), outcome="upheld", actor=curator, reason="right")

    say(acme_api, match_id, "false_positive")

    assert ReviewItem.objects.get().state == ReviewState.UPHELD


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "maybe"}, {"verdict": "confirmed", "note": 7}, {"note": "x"}]
)
def test_feedback_of_another_shape_is_refused(acme_api, match_id, body):
    answer = acme_api.post(
        f"/v1/matches/{match_id}/feedback", json.dumps(body), content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
    assert not Feedback.objects.exists()


def test_rival_can_not_speak_of_it(rival_api, match_id):
    assert say(rival_api, match_id, "confirmed").status_code == 404
    assert not Feedback.objects.exists()
