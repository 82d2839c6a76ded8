"""Endpoints of acme, and what is put up for delivery to them."""

from __future__ import annotations

import datetime
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.utils import timezone

from tenants import outgoing, webhooks
from tenants.audit.record import Actor
from tenants.models import (
    Tenant,
    WebhookDelivery,
    WebhookEndpoint,
)
from tenants.webhooks import EVENTS, Registered, deliver_due, enqueue
from tenants.writes import write_together
from tests.cast import Customer

Subscribe = Callable[..., WebhookEndpoint]


@pytest.fixture
def subscribe(acme: Customer) -> Subscribe:
    """An endpoint of acme that hears of every live event unless `terms` say otherwise."""

    def made(**terms: Any) -> WebhookEndpoint:
        usual = {
            "tenant": acme.tenant,
            "environment": "live",
            "url": "https://example.org/hook",
            "events": list(EVENTS),
        }
        return WebhookEndpoint.objects.create(**{**usual, **terms})

    return made


def tell(
    tenant: Tenant, event: str = "batch.finished", environment: str = "live", **data: Any
) -> None:
    write_together([enqueue(tenant=tenant, environment=environment, event=event, data=data)])


TESTER = Actor.system("tests")
SECOND, MINUTE, HOUR = (datetime.timedelta(**{u: 1}) for u in ("seconds", "minutes", "hours"))


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = timezone.now() + SECOND

    def __call__(self) -> datetime.datetime:
        return self.now

    def pass_by(self, time: datetime.timedelta) -> None:
        self.now += time


class Receiver:
    """Stands in for the hosts of the world: answers by `answer`, and keeps what it was told."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer, self.told, self._lock = answer, [], threading.Lock()  # type: ignore[var-annotated]

    def __call__(
        self, url: str, *, body: bytes, headers: Mapping[str, str], **_: Any
    ) -> outgoing.Answer:
        with self._lock:
            self.told.append((url, headers["webhook-id"], body, dict(headers)))
        status = self.answer(url)
        if isinstance(status, Exception):
            raise status
        return status if isinstance(status, outgoing.Answer) else outgoing.Answer(status, {})

    @property
    def ids(self) -> list[str]:
        return [event_id for _, event_id, _, _ in self.told]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registered(acme: Customer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Registered]:
    """Registers endpoints without asking a name server."""
    monkeypatch.setattr(outgoing, "check", lambda _: None)

    def made(url: str = "https://acme.example/hook", **terms: Any) -> Registered:
        usual = {"tenant": acme.tenant, "environment": "live", "events": ["batch.finished"]}
        return webhooks.register(url=url, actor=TESTER, **{**usual, **terms})

    return made


def run(receiver: Receiver, clock: Clock, **options: Any) -> int:
    return deliver_due(post=receiver, clock=clock, **options)


def states() -> Counter[str]:
    return Counter(WebhookDelivery.objects.values_list("state", flat=True))
