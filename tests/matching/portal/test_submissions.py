"""Recent submissions and feedback, for a tenant's people."""

from __future__ import annotations

import pytest

from matching.match import match_image
from matching.models import Feedback, Match, Submission
from matching.portal import submissions
from tenants.models import AuditEvent

pytestmark = pytest.mark.django_db
SUBMISSIONS = "/portal/acme/submissions"


@pytest.fixture
def match(acme, known_entry, known_picture) -> Match:
    match_image(key=acme.key, data=known_picture, content_id="upload-1")
    return Match.objects.get()


def test_submission_is_shown_with_what_was_found_and_no_distance(compliance, match):
    page = compliance.get(SUBMISSIONS).content.decode()

    assert "upload-1" in page
    assert "NCMEC" in page
    assert "distance" not in page
    assert "<img" not in page.partition("<main")[2]


def test_rivals_submissions_are_not_shown(owner, match, rival, known_picture):
    match_image(key=rival.key, data=known_picture, content_id="rivals-upload")

    assert "rivals-upload" not in owner.get(SUBMISSIONS).content.decode()


@pytest.mark.parametrize(
    ("query", "shown"),
    [("verdict=match", True), ("verdict=not_checked", False), ("environment=test", False)],
)
def test_submissions_are_filtered(owner, match, query, shown):
    assert ("upload-1" in owner.get(f"{SUBMISSIONS}?{query}").content.decode()) == shown


def test_pages_lose_and_double_nothing(owner, acme, known_entry, known_picture, monkeypatch):
    monkeypatch.setattr(submissions, "SHOWN", 2)
    for number in range(5):
        match_image(key=acme.key, data=known_picture, content_id=f"upload-{number}")
    seen, query = [], ""
    while query is not None:
        context = owner.get(f"{SUBMISSIONS}?{query}").context
        seen += [row.content_id for row in context["submissions"]]
        query = context["older"]

    assert seen == [f"upload-{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("before", ["x", "\x00", f"sub_{'0' * 22}"])
def test_page_after_nothing_is_not_found(owner, match, before):
    assert owner.get(SUBMISSIONS, {"before": before}).status_code == 404


def test_purged_submission_is_not_shown(owner, match):
    Submission.objects.update(purged_at="2026-01-01T00:00Z")

    assert "upload-1" not in owner.get(SUBMISSIONS).content.decode()


def test_feedback_reaches_the_curators_in_the_persons_name(compliance, match):
    address = f"/portal/acme/matches/{match.public_id}/feedback"
    compliance.post(address, {"verdict": "false_positive", "note": "a beach"})

    assert Feedback.objects.get().verdict == "false_positive"
    event = AuditEvent.objects.get(action="feedback.given")
    assert (event.actor_kind, event.actor_id) == ("user", "compliance@acme.example")


@pytest.mark.parametrize(
    "said", [{"verdict": "maybe"}, {"verdict": "confirmed", "note": "x" * 9999}]
)
def test_feedback_that_says_nothing_is_refused(owner, match, said):
    owner.post(f"/portal/acme/matches/{match.public_id}/feedback", said)

    assert not Feedback.objects.exists()


def test_rival_gives_no_feedback_on_it(stranger, match):
    fields = {"verdict": "confirmed"}
    for tenant in ("acme", "rival"):
        address = f"/portal/{tenant}/matches/{match.public_id}/feedback"
        assert stranger.post(address, fields).status_code == 404
