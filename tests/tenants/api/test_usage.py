"""`GET /v1/usage` through the real route."""

from __future__ import annotations

import datetime

import pytest

from tenants import usage
from tenants.models import AuditEvent, UsageDay
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def use(customer, day: datetime.date, *, environment: str = "live", slot: int = 0, **counts: int):
    UsageDay.objects.create(
        tenant=customer.tenant, environment=environment, day=day, slot=slot, **counts
    )


def test_series_has_every_day_of_the_period(acme, acme_api):
    use(acme, datetime.date(2026, 1, 2), submissions=3, bytes=9)
    use(acme, datetime.date(2026, 1, 2), slot=1, submissions=4, matches=1, matches_near=2)
    answer = acme_api.get("/v1/usage?from=2026-01-01&to=2026-01-03").json()

    assert answer["environment"] == "live"
    assert [day["day"] for day in answer["days"]] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert answer["days"][1] == {
        "day": "2026-01-02",
        "submissions": 7,
        "matches": 1,
        "matches_by_type": {"exact": 0, "near": 2, "partial": 0},
        "not_checked": 0,
        "errors": 0,
        "rejected": 0,
        "bytes": 9,
    }
    assert answer["days"][0]["submissions"] == answer["days"][2]["submissions"] == 0


def test_thirty_days_up_to_today_unless_asked_otherwise(acme_api):
    days = [day["day"] for day in acme_api.get("/v1/usage").json()["days"]]

    assert len(days) == 30
    assert days == sorted(days)


def test_other_tenants_and_the_other_environment_do_not_count(acme, rival, acme_api):
    use(rival, today(), submissions=5)
    use(acme, today(), environment="test", submissions=5)

    assert {day["submissions"] for day in acme_api.get("/v1/usage").json()["days"]} == {0}


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-01-02&to=2026-01-01",
        "from=2025-01-01&to=2026-01-02",
        "from=2026-01-01&from=2026-01-02",
        "since=2026-01-01",
        "from=0001-01-01",
    ],
)
def test_period_that_makes_no_sense_is_refused(acme_api, query):
    answer = acme_api.get(f"/v1/usage?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


@pytest.mark.parametrize("query", ["to=0001-01-05", "from=9999-12-31&to=9999-12-31"])
def test_the_ends_of_the_calendar_are_days_too(acme_api, query):
    assert acme_api.get(f"/v1/usage?{query}").status_code == 200


def test_reading_usage_needs_its_scope_and_leaves_one_event(acme, acme_api, api):
    before = AuditEvent.objects.count()
    acme_api.get("/v1/usage")

    assert AuditEvent.objects.count() == before + 1
    assert AuditEvent.objects.latest("pk").action == "usage.read"
    assert api(acme.issue(scopes=["match"]).secret).get("/v1/usage").status_code == 403


def test_series_agrees_with_the_calls_that_were_made(acme_api):
    picture = as_bytes(render_picture(2), "JPEG")
    acme_api.post("/v1/match", picture, content_type="image/jpeg")
    acme_api.post("/v1/match", b"no image", content_type="image/jpeg")
    acme_api.get("/v1/submissions/sub_unknown")
    days = acme_api.get("/v1/usage").json()["days"]

    assert sum(day["submissions"] for day in days) == 1
    assert sum(day["bytes"] for day in days) == len(picture)
    assert sum(day["rejected"] for day in days) == 2


def test_refusals_of_unknown_callers_count_for_nobody(acme, client):
    client.get("/v1/key")

    assert not UsageDay.objects.exists()


def test_daily_series_is_one_query(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        usage.daily(tenant=acme.tenant, environment="live", first=today() - 100 * DAY, last=today())
