"""The first page: what waits, how the lists are, what was found."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from matching.admin.chart import DAYS, matches_chart, nice_ceiling
from matching.admin.dashboard import dashboard_for
from matching.curation import suspend_list
from matching.models import ImportRun
from tenants.models import UsageDay
from tests.matching.admin.rows import add

pytestmark = pytest.mark.django_db


def count_day(customer, days_ago: int, environment: str, matches: int, slot: int = 0) -> None:
    UsageDay.objects.create(
        tenant=customer.tenant,
        environment=environment,
        day=timezone.now().date() - datetime.timedelta(days=days_ago),
        slot=slot,
        matches=matches,
    )


def test_waiting_entries_are_split_into_mine_and_others(ncmec, curator, second_curator):
    add(ncmec, 2, by=curator, seed=1)
    add(ncmec, 3, by=second_curator, seed=2)

    waiting = dashboard_for(curator).waiting

    assert (waiting.for_you, waiting.by_you) == ("3", "2")


def test_page_shows_the_figures(desk, ncmec, second_curator):
    add(ncmec, 3, by=second_curator)

    answer = desk.get(reverse("admin:index")).content.decode()

    assert "<strong>3</strong> for you" in answer
    assert "ncmec" in answer


def test_account_without_rights_sees_none_of_it(outsider_desk, ncmec, acme):
    answer = outsider_desk.get(reverse("admin:index")).content.decode()

    assert "ncmec" not in answer
    assert "card-waiting" not in answer


def test_open_imports_tell_what_they_wait_for(desk, ncmec, curator):
    run = ImportRun(hash_list=ncmec, format="csv", created_by=curator, bytes_total=4, bytes_read=1)
    for state in ("running", "checked", "queued", "finished"):
        run.pk, run.state, run.file_name = None, state, f"{state}.csv"
        run.save()

    answer = desk.get(reverse("admin:index")).content.decode()

    assert "running.csv</a> into ncmec: 25 %" in answer
    assert "checked.csv</a> into ncmec: waits for a decision" in answer
    assert "queued.csv</a> into ncmec: waits for a worker" in answer
    assert "finished.csv" not in answer


def test_looks_are_not_told_among_what_people_did(desk, ncmec, curator):
    desk.get("/admin/jsi18n/")
    suspend_list(hash_list=ncmec, actor=curator, reason="wrong file")

    told = {event.action for event in dashboard_for(curator).events}

    assert "list.changed" in told or "list.suspended" in told
    assert "request.served" not in told


def test_chart_adds_up_slots_and_tenants_by_day(acme, rival):
    count_day(acme, 0, "live", 5, slot=0)
    count_day(acme, 0, "live", 2, slot=1)
    count_day(rival, 0, "live", 1)
    count_day(acme, 0, "test", 4)
    count_day(acme, DAYS, "live", 100)

    chart = matches_chart(timezone.now().date())

    assert [bar.live for bar in chart.bars] == [0] * (DAYS - 1) + [8]
    assert (chart.live, chart.test) == (8, 4)


def test_bars_stand_on_the_axis_and_on_each_other(acme):
    count_day(acme, 0, "live", 5)
    count_day(acme, 0, "test", 5)

    chart = matches_chart(timezone.now().date())
    bar = chart.bars[-1]

    assert bar.stack.lower_y + bar.stack.lower_height == pytest.approx(chart.base)
    assert bar.stack.upper_y + bar.stack.upper_height == pytest.approx(bar.stack.lower_y)
    assert bar.stack.upper_y == chart.ticks[-1].y


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0, 4), (4, 4), (5, 6), (9, 10), (11, 20), (571, 600)]
)
def test_axis_ends_at_a_round_number(value, ceiling):
    assert nice_ceiling(value) == ceiling
