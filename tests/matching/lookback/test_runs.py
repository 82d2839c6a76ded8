"""Runs: killed, released, taken over; nothing is lost or found twice."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from matching.curation import suspend_list
from matching.lookback import look_back, retained, runs
from matching.models import LookbackRun, Match
from tests.matching.lists import start_list
from tests.matching.lookback.conftest import looked_back, submit, told

pytestmark = pytest.mark.django_db


def test_nothing_is_found_twice(acme_api, known_picture, list_picture, curator):
    submit(acme_api, known_picture)
    entry = list_picture(known_picture)
    looked_back()
    suspend_list(hash_list=entry.hash_list, actor=curator, reason="look")
    start_list(entry.hash_list, "active")
    run = looked_back()

    assert run.checked == 1
    assert Match.objects.count() == len(told()) == 1


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
