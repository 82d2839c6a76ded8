"""Matches whose entry was wrong are withdrawn, and whoever has one is told."""

from __future__ import annotations

import pytest

from matching.curation import retire_entry
from matching.models import Match
from tests.matching.lookback.conftest import looked_back, submit, told

pytestmark = pytest.mark.django_db


def test_submission_tells_what_was_found_and_withdrawn_later(
    acme_api, known_picture, list_picture, curator
):
    path = f"/v1/submissions/{submit(acme_api, known_picture)}"
    entry = list_picture(known_picture)
    looked_back()
    found = acme_api.get(path).json()
    retire_entry(entry=entry, actor=curator, reason="a cat", was_false=True)
    looked_back()
    withdrawn = acme_api.get(path).json()
    [later] = found["retroactive_matches"]

    assert (found["verdict"], found["matches"]) == ("no_known_match", [])
    assert later.keys() == {"match_id", "list", "source", "violation", "match_type"}
    assert (later["list"], found["withdrawn_matches"]) == ("ncmec", [])
    assert withdrawn["withdrawn_matches"] == [later["match_id"]]


def test_retired_entry_has_its_matches_withdrawn(acme_api, known_picture, list_picture, curator):
    entry = list_picture(known_picture)
    at_once = submit(acme_api, known_picture)
    looked_back()
    retire_entry(entry=entry, actor=curator, reason="a cat", was_false=True)
    run = looked_back()
    match = Match.objects.get()

    assert run.withdrawn == 1
    assert match.withdrawn_at is not None
    assert [event["type"] for event in told()] == ["match.withdrawn"]
    assert told()[0]["data"] == {
        "match_id": match.public_id,
        "submission_id": at_once,
        "content_id": None,
    }
    looked_back()
    assert len(told()) == 1


def test_entry_retired_for_another_reason_leaves_its_matches_standing(
    acme_api, known_picture, list_picture, curator
):
    entry = list_picture(known_picture)
    submit(acme_api, known_picture)
    looked_back()
    retire_entry(entry=entry, actor=curator, reason="the source merged two of its cases")
    run = looked_back()

    assert run.withdrawn == 0
    assert Match.objects.get().withdrawn_at is None
    assert told() == []
