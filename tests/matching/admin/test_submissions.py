"""What tenants asked and what was found: to be read, by curators alone."""

from __future__ import annotations

import pytest

from matching.match import match_image
from matching.models import Match, Submission
from tests.matching.admin.rows import events, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def submission(acme, known_entry, known_picture) -> Submission:
    match_image(key=acme.key, data=known_picture, content_id="upload 7")
    return Submission.objects.get()


@pytest.fixture
def match(submission) -> Match:
    return Match.objects.get()


def test_submission_shows_its_matches(desk, submission):
    answer = desk.get(page("submission", "change", submission.pk)).content.decode()

    assert submission.matches.get().public_id in answer
    assert "upload 7" in answer


def test_submitted_digest_is_shortened(desk, submission):
    digest = bytes(submission.sha256).hex()

    answer = desk.get(page("submission", "change", submission.pk)).content.decode()

    assert f"{digest[:8]}…" in answer
    assert digest[:9] not in answer


@pytest.mark.parametrize("model", ["submission", "match"])
def test_neither_can_be_written(desk, submission, match, model):
    row = {"submission": submission, "match": match}[model]

    assert (
        desk.post(page(model, "change", row.pk), {"verdict": "no_known_match"}).status_code == 403
    )
    assert desk.get(page(model, "add")).status_code == 403
    assert desk.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_match_is_found_by_submission(desk, submission, match):
    found = desk.get(page("match"), {"q": submission.public_id}).context["cl"].result_list

    assert list(found) == [match]


def test_reading_a_submission_is_audited(desk, submission):
    desk.get(page("submission", "change", submission.pk))

    assert [event.target for event in events("admin.read")] == [submission.public_id]
