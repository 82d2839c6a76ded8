"""Acme keeps hashes for lookback and hears of what is found."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from matching.lookback import look_back, runs
from matching.models import (
    HashEntry,
    LookbackRun,
)
from tenants.models import Plan, WebhookDelivery, WebhookEndpoint
from tests.cast import Customer
from tests.matching.lists import make_active, make_list

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
