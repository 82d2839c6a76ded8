"""What changes in the lists is held against what was submitted before, once and for everybody."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching.curation import retire_entry, suspend_list
from matching.index import BulkIndex
from matching.lookback import look_back, purge_retained, retained, runs
from matching.models import (
    HashEntry,
    LookbackRun,
    Match,
    RetainedHashes,
    Submission,
)
from tenants.acting import Acting, acting_as
from tenants.models import AuditEvent, Plan, WebhookDelivery, WebhookEndpoint
from tests.cast import Customer
from tests.matching.lists import draft_of, make_active, make_list, start_list
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
EVENTS = ["match.retroactive", "match.withdrawn"]


def keeps(customer: Customer, days: int = 30) -> None:
    Plan.objects.filter(pk=customer.tenant.plan_id).update(lookback=True)
    type(customer.tenant).objects.filter(pk=customer.tenant.pk).update(retain_hashes_days=days)


@pytest.fixture(autouse=True)
def kept_and_told(acme: Customer) -> None:
    """Acme chose lookback, and a webhook for it."""
    keeps(acme)
    WebhookEndpoint.objects.create(
        tenant=acme.tenant, environment="live", url="https://8.8.8.8/", events=EVENTS
    )


@pytest.fixture
def list_picture(curator: Any, second_curator: Any) -> Callable[..., HashEntry]:
    """Puts a picture on a list, in force."""

    def made(picture: bytes, slug: str = "ncmec", **terms: Any) -> HashEntry:
        known = make_list(slug, **terms)
        return make_active(known, picture, by=curator, approver=second_curator)

    return made


def submit(client: Any, picture: bytes) -> str:
    answer = client.post("/v1/match", picture, content_type="image/jpeg")
    assert answer.status_code == 200
    return str(answer.json()["submission_id"])


def looked_back(**options: Any) -> LookbackRun | None:
    """As the schedule does: a run is opened, and once things settled it is worked off."""
    runs.open_run(now=timezone.now())
    later = timezone.now() + runs.SETTLE
    return look_back(clock=lambda: later, **options)


def told() -> list[dict[str, Any]]:
    rows = WebhookDelivery.objects.order_by("pk").values_list("body", flat=True)
    return [json.loads(body) for body in rows]


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


def test_nothing_is_found_twice(acme_api, known_picture, list_picture, curator):
    submit(acme_api, known_picture)
    entry = list_picture(known_picture)
    looked_back()
    suspend_list(hash_list=entry.hash_list, actor=curator, reason="look")
    start_list(entry.hash_list, "active")
    run = looked_back()

    assert run.checked == 1
    assert Match.objects.count() == len(told()) == 1


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


def test_submission_tells_what_was_found_and_withdrawn_later(
    acme_api, known_picture, list_picture, curator
):
    path = f"/v1/submissions/{submit(acme_api, known_picture)}"
    entry = list_picture(known_picture)
    looked_back()
    found = acme_api.get(path).json()
    retire_entry(entry=entry, actor=curator, reason="false")
    looked_back()
    withdrawn = acme_api.get(path).json()
    [later] = found["retroactive_matches"]

    assert (found["verdict"], found["matches"]) == ("no_known_match", [])
    assert later.keys() == {"match_id", "list", "source", "violation", "match_type"}
    assert (later["list"], found["withdrawn_matches"]) == ("ncmec", [])
    assert withdrawn["withdrawn_matches"] == [later["match_id"]]


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


def test_tenant_that_did_not_choose_it_keeps_nothing(rival_api, known_picture, list_picture):
    submit(rival_api, known_picture)
    assert not RetainedHashes.objects.exists()


def test_plan_without_lookback_keeps_nothing(acme, acme_api, known_picture):
    Plan.objects.update(lookback=False)
    submit(acme_api, known_picture)
    assert not RetainedHashes.objects.exists()


def test_keeping_takes_no_statement_more(acme, acme_api, known_picture):
    submit(acme_api, known_picture)  # what only the first request does is done
    counts = []
    for days in (30, 0):
        keeps(acme, days)
        with CaptureQueriesContext(connection) as queries:
            submit(acme_api, known_picture)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert RetainedHashes.objects.count() == 2


def test_hashes_are_kept_from_the_tenants_own_statements(acme, acme_api, known_picture):
    submit(acme_api, known_picture)
    with acting_as(Acting(tenant=acme.tenant.pk)):
        assert not RetainedHashes.objects.exists()
        assert RetainedHashes.objects.update(pdq=b"") == 0
    assert RetainedHashes.objects.exists()


def test_hash_items_are_kept_as_images_are(acme_hash_api, known_picture, list_picture):
    hashes = {signal.type.value: signal.hex for signal in draft_of(known_picture).signals}
    items = [{"md5": hashes["md5"]}, {"pdq": hashes["pdq"]}]
    body = json.dumps({"items": items})
    acme_hash_api.post("/v1/match/hashes", body, content_type="application/json")
    list_picture(known_picture)
    looked_back()

    assert [m.match_type for m in Match.objects.order_by("submission__pk")] == ["exact", "near"]


def test_retired_entry_has_its_matches_withdrawn(acme_api, known_picture, list_picture, curator):
    entry = list_picture(known_picture)
    at_once = submit(acme_api, known_picture)
    looked_back()
    retire_entry(entry=entry, actor=curator, reason="false")
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


def test_entry_that_is_retired_before_the_run_finds_nothing(
    acme_api, known_picture, list_picture, curator
):
    submit(acme_api, known_picture)
    retire_entry(entry=list_picture(known_picture), actor=curator, reason="false")
    looked_back()

    assert not Match.objects.exists()


def test_run_that_was_killed_goes_on_where_it_was(
    acme_api, known_picture, list_picture, monkeypatch
):
    submitted = {submit(acme_api, known_picture) for _ in range(5)}
    list_picture(known_picture)
    monkeypatch.setattr(retained, "LOT", 2)
    runs.open_run(now=timezone.now())
    later = timezone.now() + runs.SETTLE
    steps = iter(range(100))

    def dying() -> datetime.datetime:
        if next(steps) == 5:
            raise KeyboardInterrupt
        return later

    with pytest.raises(KeyboardInterrupt):
        look_back(clock=dying)
    done = LookbackRun.objects.get().checked
    assert look_back(clock=lambda: later) is None  # leased until the lease ends
    run = look_back(clock=lambda: later + runs.LEASE)

    assert 0 < done < 5
    assert (run.state, run.checked) == ("finished", 5)
    assert {event["data"]["submission_id"] for event in told()} == submitted
    assert len(told()) == 5


def test_run_released_for_want_of_time_goes_on(acme_api, known_picture, list_picture):
    submit(acme_api, known_picture)
    list_picture(known_picture)
    assert looked_back(seconds=0).state == "waiting"
    assert looked_back().state == "finished"
    assert Match.objects.count() == 1


def test_worker_whose_lease_was_taken_writes_nothing(acme_api, known_picture, list_picture):
    submit(acme_api, known_picture)
    list_picture(known_picture)
    runs.open_run(now=timezone.now())
    late = runs.lease_run(now=timezone.now() + runs.SETTLE)
    runs.lease_run(now=timezone.now() + runs.SETTLE + runs.LEASE)

    with pytest.raises(runs.LeaseLost):
        runs.hold(late)


def test_hashes_are_purged_in_time_and_not_used_after_it(
    acme, acme_api, known_picture, list_picture
):
    submit(acme_api, known_picture)
    now = timezone.now()
    assert purge_retained(now=now + 30 * DAY - datetime.timedelta(minutes=1)) == 0
    list_picture(known_picture)
    runs.open_run(now=now)
    run = look_back(clock=lambda: now + 31 * DAY)  # before anything was purged
    assert (run.checked, run.matched) == (0, 0)
    assert purge_retained(now=now + 30 * DAY + datetime.timedelta(minutes=1)) == 1
    assert not RetainedHashes.objects.exists()
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("days", [0, 1])
def test_tenant_that_wants_less_kept_is_heeded(acme, acme_api, known_picture, days):
    submit(acme_api, known_picture)
    RetainedHashes.objects.update(created_at=timezone.now() - 2 * DAY)
    keeps(acme, days)

    assert purge_retained(now=timezone.now()) == 1


def test_bulk_search_finds_what_brute_force_finds():
    chance = np.random.default_rng(7)
    for count in (0, 1, 60, 5_000):
        new = chance.integers(0, 256, (count, 32), np.uint8)
        past = chance.integers(0, 256, (100, 32), np.uint8)
        flips = [chance.choice(256, bits, replace=False) for bits in range(0, 62, 2)]
        for place, bits in enumerate(flips[:count]):
            changed = np.unpackbits(new[place])
            changed[bits] ^= 1
            past[3 * place] = np.packbits(changed)
        index = BulkIndex(new)
        hits = index.hits(past, 31, threads=3)
        found = set(zip(hits.owners, hits.positions, hits.distances, strict=True))
        bits = np.unpackbits(past[:, None] ^ index.hashes[None], axis=2).sum(axis=2)

        assert found == {(q, h, bits[q, h]) for q, h in zip(*np.nonzero(bits <= 31), strict=True)}
        assert len(found) == min(count, 16)
