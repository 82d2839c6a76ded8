"""Why a submission matched: for curators, measured beside what the rules ask."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from matching.admin.explanation import explained_in_short, threshold_at
from matching.curation import approve_decision, propose_threshold, retire_entry
from matching.match import match_image
from matching.models import Match
from tests.matching.admin.rows import events, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def near(acme, known_entry, known_picture) -> Match:
    """A near match at 17 bits, as the picture's copy would be."""
    match_image(key=acme.key, data=known_picture)
    yesterday = timezone.now() - datetime.timedelta(days=1)
    Match.objects.update(match_type="near", distance=17, created_at=yesterday)
    return Match.objects.get()


def explanation(desk, match) -> str:
    return desk.get(page("match", "change", match.pk)).content.decode()


def change_threshold(hash_list, bits, curator, second_curator):
    decision = propose_threshold(
        hash_list=hash_list, pdq_threshold=bits, actor=curator, reason="too near"
    )
    approve_decision(decision=decision, actor=second_curator)
    hash_list.refresh_from_db()


def test_exact_match_names_the_digest_that_is_the_same(desk, acme, known_entry, known_picture):
    match_image(key=acme.key, data=known_picture)

    assert "SHA-256 is the same" in explanation(desk, Match.objects.get())


def test_near_match_tells_distance_threshold_then_and_now(desk, near, curator, second_curator):
    change_threshold(near.entry.hash_list, 12, curator, second_curator)

    shown = explanation(desk, near)

    assert "17 bits, at most 31" in shown
    assert "at most 12: too far" in shown


def test_threshold_is_that_of_the_moment(near, curator, second_curator):
    hash_list = near.entry.hash_list
    change_threshold(hash_list, 20, curator, second_curator)
    change_threshold(hash_list, 10, curator, second_curator)

    assert threshold_at(hash_list, near.created_at) == 31
    assert threshold_at(hash_list, timezone.now()) == 10


def test_entry_retired_since_is_told(desk, near, curator):
    retire_entry(entry=near.entry, actor=curator, reason="a cat")

    assert "a cat" in explanation(desk, near)


def test_submission_tells_the_rule_of_each_match(desk, near):
    shown = desk.get(page("submission", "change", near.submission.pk)).content.decode()

    assert "17 of at most 31 bits" in shown


def test_explanation_is_audited_and_for_curators_alone(desk, outsider_desk, near):
    explanation(desk, near)

    assert [event.target for event in events("admin.read")] == [near.public_id]
    assert outsider_desk.get(page("match", "change", near.pk)).status_code == 403


def test_distance_of_photodna_is_not_told_in_bits(near):
    near.distance = 900
    near.entry.photodna = bytes(144)

    assert explained_in_short(near) == "PhotoDNA, 900 squared Euclidean"
