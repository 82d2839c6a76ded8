"""Hashes are kept for those who chose it, for as long as they chose, from all others."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching.lookback import look_back, purge_retained, runs
from matching.models import RecordKind, RetainedHashes, Submission
from matching.retention import propose_purge, purge, set_period
from tenants.acting import Acting, acting_as
from tenants.models import Plan
from tests.cast import NARRATOR
from tests.matching.lookback.conftest import DAY, keeps, submit

pytestmark = pytest.mark.django_db


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


def test_purge_of_records_takes_their_hashes_and_no_others(
    acme, acme_api, known_picture, curator, second_curator
):
    old, new = (submit(acme_api, known_picture) for _ in range(2))
    Submission.objects.filter(public_id=old).update(created_at=timezone.now() - 8 * DAY)
    set_period(tenant=acme.tenant, kind=RecordKind.UNMATCHED, days=7, actor=NARRATOR)
    proposal = propose_purge(
        tenant=acme.tenant, kind=RecordKind.UNMATCHED, reason="over", actor=curator
    )
    purge(proposal=proposal, actor=second_curator)

    assert [kept.submission_id for kept in RetainedHashes.objects.all()] == [new]
