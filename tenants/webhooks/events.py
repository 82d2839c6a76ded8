"""The closed list of what a webhook can tell of, and the form in which it does."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

TEST_EVENT: Final = "endpoint.test"
EVENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "batch.finished": "A batch is finished; its results can be read.",
        "enhance.finished": "Parts were sought after the answer; the verdict is complete.",
        "match.found": "A submission matched.",
        "match.retroactive": "An earlier submission matches an entry that is new.",
        "match.withdrawn": "An earlier match does not hold: its entry was retired as false.",
        "key.expiring": "An API key ends soon.",
        "key.leaked": "An API key was reported as leaked, and revoked.",
        "quota.reached": "The month's quota is used up, or nearly so.",
        "webhook.disabled": "Another webhook was switched off: nobody answered there.",
        "report.ready": "A report that was asked for can be fetched.",
        TEST_EVENT: "A test, asked for by the tenant.",
    }
)
MOST_BYTES: Final = 20_000  # Standard Webhooks asks for less than 20 kB


class UnknownEvent(ValueError):
    """The event is not in the closed list: add it to `EVENTS` with its description."""


class EventTooLarge(ValueError):
    """A webhook tells where to look, not everything there is to see."""


def body_of(event: str, data: Mapping[str, Any], at: datetime.datetime) -> str:
    """The JSON that is sent: `type`, `timestamp` and `data`, as Standard Webhooks 1.0 advises.

    Raises UnknownEvent, EventTooLarge.
    """
    if event not in EVENTS:
        raise UnknownEvent(event)
    body = json.dumps(
        {"type": event, "timestamp": at.isoformat(), "data": dict(data)},
        separators=(",", ":"),
    )
    if len(body) > MOST_BYTES:
        raise EventTooLarge(f"{event} has {len(body)} bytes, more than {MOST_BYTES}")
    return body
