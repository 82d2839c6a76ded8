"""What changes in the lists is held against what was submitted before, for everybody."""

from __future__ import annotations

import json

import pytest

from matching.curation import retire_entry, suspend_list
from matching.models import Match
from tenants.models import AuditEvent
from tests.matching.lists import draft_of, start_list
from tests.matching.lookback.conftest import keeps, looked_back, submit, told
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db


def test_picture_is_found_in_the_past_as_it_is_and_altered(acme_api, known_picture, list_picture):
    small = as_bytes(render_picture(1).resize((300, 220)).rotate(90, expand=True), "JPEG")
    submitted = [submit(acme_api, picture) for picture in (known_picture, small)]
    submit(acme_api, as_bytes(render_picture(2), "JPEG"))
    entry = list_picture(known_picture)
    run = looked_back()
    matches = Match.objects.order_by("submission__pk")

    assert [match.submission_id for match in matches] == submitted
    assert [match.match_type for match in matches] == ["exact", "near"]
    assert all(match.is_retroactive and match.entry == entry for match in matches)
    assert (run.state, run.checked, run.matched) == ("finished", 3, 2)
    assert [event["data"]["submission_id"] for event in told()] == submitted
    assert {event["type"] for event in told()} == {"match.retroactive"}
    assert told()[0]["data"]["match_ids"] == [matches[0].public_id]
    assert AuditEvent.objects.filter(action="lookback.matched").count() == 1


def test_nothing_in_event_or_answer_tells_how_near_it_was(acme_api, known_picture, list_picture):
    submit(acme_api, known_picture)
    list_picture(known_picture)
    looked_back()
    for event in told():
        assert event["data"].keys() == {"submission_id", "content_id", "match_ids"}


def test_what_was_matched_at_once_is_not_matched_again(acme_api, known_picture, list_picture):
    list_picture(known_picture)
    submit(acme_api, known_picture)
    looked_back()

    assert told() == []
    assert Match.objects.get().is_retroactive is False


def test_list_that_starts_again_is_held_against_what_was_submitted_meanwhile(
    acme_api, known_picture, list_picture, curator
):
    entry = list_picture(known_picture)
    looked_back()
    suspend_list(hash_list=entry.hash_list, actor=curator, reason="look")
    submit(acme_api, known_picture)
    start_list(entry.hash_list, "active")
    looked_back()

    assert Match.objects.get().is_retroactive


def test_test_lists_find_test_submissions_and_live_lists_live_ones(
    acme_api, acme_test_api, known_picture, list_picture
):
    live, test = submit(acme_api, known_picture), submit(acme_test_api, known_picture)
    list_picture(known_picture, "sandbox", kind="test")
    looked_back()
    assert [match.submission_id for match in Match.objects.all()] == [test]
    list_picture(known_picture)
    looked_back()
    assert {match.submission_id for match in Match.objects.all()} == {live, test}


def test_list_that_a_tenant_does_not_see_finds_nothing_of_it(acme_api, known_picture, list_picture):
    submit(acme_api, known_picture)
    list_picture(known_picture, visibility="some", visible_to_plans=["no-such-plan"])
    looked_back()

    assert not Match.objects.exists()


def test_all_tenants_are_looked_at_and_each_is_told_of_its_own(
    acme_api, rival, rival_api, known_picture, list_picture
):
    keeps(rival)
    submit(acme_api, known_picture)
    theirs = submit(rival_api, known_picture)
    list_picture(known_picture)
    looked_back()

    assert Match.objects.get(tenant=rival.tenant).submission_id == theirs
    assert len(told()) == 1


def test_hash_items_are_kept_as_images_are(acme_hash_api, known_picture, list_picture):
    hashes = {signal.type.value: signal.hex for signal in draft_of(known_picture).signals}
    items = [{"md5": hashes["md5"]}, {"pdq": hashes["pdq"]}]
    body = json.dumps({"items": items})
    acme_hash_api.post("/v1/match/hashes", body, content_type="application/json")
    list_picture(known_picture)
    looked_back()

    assert [m.match_type for m in Match.objects.order_by("submission__pk")] == ["exact", "near"]


def test_entry_that_is_retired_before_the_run_finds_nothing(
    acme_api, known_picture, list_picture, curator
):
    submit(acme_api, known_picture)
    retire_entry(entry=list_picture(known_picture), actor=curator, reason="a cat", was_false=True)
    looked_back()

    assert not Match.objects.exists()
