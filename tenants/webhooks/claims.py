"""Who is told next: leases on deliveries, shared out so that nobody waits for somebody else's host.

Healthy endpoints come before failing ones, and the first delivery of each before the second of any.
An endpoint has few tries running at a time, a failing one a single one, a tenant a few more. A
lease outlives the longest try, so it needs no heartbeat: what was leased by a process that died
is due again when the lease ends.
"""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from tenants.models import WebhookDelivery, WebhookEndpoint
from tenants.sealing import SealUnreadable
from tenants.webhooks.secrets import SigningKey, keys_of

logger = logging.getLogger(__name__)

LEASE: Final = datetime.timedelta(seconds=60)
MOST_OF_AN_ENDPOINT: Final = 4
MOST_OF_A_TENANT: Final = 8
LEASED: Final = """
  WITH running AS (
       SELECT delivery.endpoint_id, delivery.tenant_id, count(*) AS tries
         FROM tenants_webhookdelivery AS delivery
        WHERE delivery.leased_until > %(now)s
        GROUP BY 1, 2),
       due AS (
       SELECT candidate.id, candidate.place, endpoint.failures > 0 AS is_failing,
              row_number() OVER (PARTITION BY endpoint.tenant_id
                                 ORDER BY endpoint.failures > 0, candidate.place, candidate.id)
              + (SELECT coalesce(sum(tries), 0) FROM running
                  WHERE running.tenant_id = endpoint.tenant_id) AS of_tenant
         FROM tenants_webhookendpoint AS endpoint,
              LATERAL (
              SELECT waiting.id, row_number() OVER () AS place
                FROM (SELECT delivery.id
                        FROM tenants_webhookdelivery AS delivery
                       WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending'
                         AND delivery.next_attempt_at <= %(now)s
                         AND (delivery.leased_until IS NULL OR delivery.leased_until <= %(now)s)
                       ORDER BY delivery.next_attempt_at, delivery.id
                       LIMIT greatest(0,
                             CASE WHEN endpoint.failures > 0 THEN 1 ELSE %(of_endpoint)s END
                             - (SELECT coalesce(sum(tries), 0) FROM running
                                 WHERE running.endpoint_id = endpoint.id))
                         FOR UPDATE SKIP LOCKED) AS waiting) AS candidate
        WHERE endpoint.disabled_at IS NULL
          AND (endpoint.paused_until IS NULL OR endpoint.paused_until <= %(now)s))
UPDATE tenants_webhookdelivery AS delivery
   SET leased_until = %(until)s, fence = delivery.fence + 1
  FROM (SELECT id, row_number() OVER (PARTITION BY is_failing ORDER BY place, id) AS nth, is_failing
          FROM due WHERE of_tenant <= %(of_tenant)s
         ORDER BY is_failing, place, id LIMIT %(slots)s) AS chosen
 WHERE delivery.id = chosen.id AND (NOT chosen.is_failing OR chosen.nth <= %(failing_slots)s)
RETURNING delivery.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is this process's to try, as it was when it was claimed."""

    delivery_id: int
    fence: int
    event_id: str
    body: str
    url: str
    keys: list[SigningKey]  # none when they can not be read: then nothing is sent
    is_failing: bool


def claim(*, slots: int, failing_slots: int, now: datetime.datetime) -> list[Claim]:
    """Lease at most `slots` due deliveries, at most `failing_slots` of endpoints that fail."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                LEASED,
                {
                    "now": now,
                    "until": now + LEASE,
                    "slots": slots,
                    "failing_slots": failing_slots,
                    "of_endpoint": MOST_OF_AN_ENDPOINT,
                    "of_tenant": MOST_OF_A_TENANT,
                },
            )
            leased = [pk for (pk,) in cursor.fetchall()]
        rows = WebhookDelivery.objects.filter(pk__in=leased).order_by("next_attempt_at", "pk")
        found = rows.select_related("endpoint").prefetch_related("endpoint__secrets")
        return [_claim(delivery, now) for delivery in found]


def _claim(delivery: WebhookDelivery, now: datetime.datetime) -> Claim:
    endpoint = delivery.endpoint
    return Claim(
        delivery_id=delivery.pk,
        fence=delivery.fence,
        event_id=delivery.event_id,
        body=delivery.body,
        url=endpoint.url,
        keys=_readable_keys(endpoint, now),
        is_failing=endpoint.failures > 0,
    )


def _readable_keys(endpoint: WebhookEndpoint, now: datetime.datetime) -> list[SigningKey]:
    try:
        return keys_of(endpoint, now)
    except SealUnreadable:
        logger.error("the secrets of %s were sealed under another pepper", endpoint)
        return []
