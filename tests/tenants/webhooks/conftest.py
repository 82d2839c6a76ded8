"""Endpoints of acme, and what is put up for delivery to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenants.models import Tenant, WebhookEndpoint
from tenants.webhooks import EVENTS, enqueue
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
