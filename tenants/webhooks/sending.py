"""One try: sign, post, and tell how it ended. Touches no database."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tenants import outgoing
from tenants.webhooks.claims import Claim
from tenants.webhooks.schedule import retry_after

SECONDS: Final = 15.0
REFUSED, STATUS, UNSIGNED = "address_refused", "status", "unsigned"


class Post(Protocol):
    """`outgoing.post`."""

    def __call__(
        self, url: str, *, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> outgoing.Answer: ...


@dataclass(frozen=True, slots=True)
class Try:
    """How a try ended; `error` is empty after a success."""

    at: datetime.datetime
    milliseconds: int
    status: int | None = None
    error: str = ""
    retry_after: datetime.timedelta | None = None


def send(claim: Claim, *, post: Post, clock: Callable[[], datetime.datetime]) -> Try:
    """Only a 2xx is a success; a redirect is a failure as any other."""
    at, began = clock(), time.monotonic()
    if not claim.keys:
        return Try(at, 0, error=UNSIGNED)
    body = claim.body.encode()
    try:
        answer = post(claim.url, body=body, headers=headers_of(claim, at), seconds=SECONDS)
    except outgoing.AddressRefused:
        return Try(at, _since(began), error=REFUSED)
    except outgoing.NotReached as error:
        return Try(at, _since(began), error=error.why)
    return Try(
        at,
        _since(began),
        status=answer.status,
        error="" if 200 <= answer.status < 300 else STATUS,
        retry_after=retry_after(answer.headers.get("retry-after", "")),
    )


def headers_of(claim: Claim, at: datetime.datetime) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0; during a rotation a signature by each key."""
    timestamp = int(at.timestamp())
    message = f"{claim.event_id}.{timestamp}.{claim.body}".encode()
    return {
        "Content-Type": "application/json",
        "webhook-id": claim.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(key.sign(message) for key in claim.keys),
    }


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
