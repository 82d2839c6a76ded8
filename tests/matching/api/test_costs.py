"""What calls cost, what their answers tell of it, and that the books agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db.models import Sum
from django.test import Client

from tenants.models import AuditEvent, UsageDay
from tests.cast import Customer
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db

BIG = render_picture(3).resize((3_000, 2_000))  # 6 megapixels: two units


def month_of(customer: Customer) -> int:
    """Units the limiter has counted this month."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        return int(server.get(f"hs:limit:{{{customer.tenant.public_id}:live}}:month") or 0)


def running(customer: Customer) -> int:
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        return int(server.zcard(f"hs:limit:{{{customer.tenant.public_id}:live}}"))


def booked(customer: Customer) -> int:
    """Units in the tenant's usage."""
    rows = UsageDay.objects.filter(tenant=customer.tenant, environment="live")
    return int(rows.aggregate(units=Sum("units"))["units"] or 0)


def settled(customer: Customer, units: int) -> bool:
    """Whether all calls have ended; that is told on a connection that nobody waits for."""
    while running(customer) or month_of(customer) < units:
        pass
    return month_of(customer) == units


def look_up(client: Client, count: int) -> Any:
    items = [{"content_id": str(number), "md5": f"{number:032x}"} for number in range(count)]
    body = json.dumps({"items": items})
    return client.post("/v1/match/hashes", body, content_type="application/json")


def left(answer: Any) -> int:
    return int(answer["RateLimit"].split(";r=")[1].split(";")[0])


def match(client: Client, picture: bytes, **headers: str) -> Any:
    return client.post("/v1/match", picture, content_type="image/jpeg", headers=headers)


@pytest.mark.parametrize(("count", "units"), [(1, 1), (10, 1), (11, 2), (95, 10)])
def test_a_look_up_costs_by_its_items(acme, acme_api, known_entry, count, units):
    first = look_up(acme_api, count)

    assert left(first) == acme.tenant.plan.burst - units
    assert settled(acme, units)


def test_an_image_costs_by_its_pixels(acme, acme_api, known_entry):
    match(acme_api, as_bytes(BIG, "JPEG"))

    assert settled(acme, 2)


def test_reading_costs_nothing_of_the_month(acme, acme_api, known_entry):
    answer = acme_api.get("/v1/key")

    assert (left(answer), month_of(acme)) == (acme.tenant.plan.burst - 1, 0)


def test_what_can_not_be_read_costs_a_call(acme, acme_api):
    answer = acme_api.post("/v1/match/hashes", "{", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
    assert left(answer) == acme.tenant.plan.burst - 1


def test_usage_and_limiter_agree_about_every_kind_of_answer(acme, acme_api, known_entry):
    match(acme_api, as_bytes(render_picture(1), "JPEG"))
    match(acme_api, as_bytes(BIG, "JPEG"))
    match(acme_api, b"no image")
    for _ in range(2):
        match(acme_api, as_bytes(render_picture(2), "JPEG"), **{"Idempotency-Key": "again"})
    look_up(acme_api, 25)
    acme_api.post("/v1/match/hashes", '{"items": [{}, {}]}', content_type="application/json")
    acme_api.get("/v1/key")

    assert booked(acme) == 1 + 2 + 1 + 2 + 3 + 1
    assert settled(acme, booked(acme))


def test_usage_can_be_recounted_from_the_audit_log(acme, acme_api, known_entry, known_picture):
    match(acme_api, known_picture)
    match(acme_api, as_bytes(render_picture(2), "JPEG"))
    match(acme_api, b"no image")
    look_up(acme_api, 3)

    events = AuditEvent.objects.filter(tenant=acme.tenant).exclude(status=None)
    recounted = {
        "submissions": sum(
            len(event.data.get("submissions", [event.target]))
            for event in events
            if event.action.startswith(("image.", "hash."))
        ),
        "matches": events.filter(action="image.matched").count(),
        "rejected": events.filter(action="request.refused").count(),
    }
    counted = UsageDay.objects.filter(tenant=acme.tenant).aggregate(
        **{name: Sum(name) for name in recounted}
    )
    assert counted == recounted == {"submissions": 5, "matches": 1, "rejected": 1}


@pytest.mark.parametrize(
    "path", ["/v1/key", "/v1/submissions/sub_x", "/v1/audit/report", "/v1/match"]
)
def test_no_call_stays_open(acme, acme_api, path):
    answer = acme_api.get(path)
    b"".join(answer.streaming_content) if answer.streaming else answer.content

    assert settled(acme, 0)


def test_a_refusal_names_the_policy_that_was_violated(acme, acme_api, known_entry):
    acme.tenant.plan.burst, acme.tenant.plan.requests_per_minute = 2, 1
    acme.tenant.plan.save()

    *_, refused = [acme_api.get("/v1/key") for _ in range(3)]

    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert refused.json()["violated-policies"] == ["burst"]
    assert int(refused["Retry-After"]) >= 1
    assert '"burst";r=0' in refused["RateLimit"]


def test_a_spent_quota_refuses_images_and_no_reading(acme, acme_api, known_entry, known_picture):
    acme.tenant.plan.monthly_quota = 1
    acme.tenant.plan.save()
    match(acme_api, known_picture)

    refused = match(acme_api, known_picture)

    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert refused.json()["violated-policies"] == ["month"]
    assert acme_api.get("/v1/usage").status_code == 200
