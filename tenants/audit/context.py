"""Which request is being served, for whoever records what was done in it."""

from __future__ import annotations

import ipaddress
import time
from contextvars import ContextVar
from dataclasses import dataclass

from tenants.binding import Bound
from tenants.models import Tenant


@dataclass(frozen=True)
class RequestContext:
    """Where a request came from. `address` is the client's own, behind trusted proxies."""

    request_id: str = ""
    address: str | None = None
    user_agent: str = ""

    @property
    def source(self) -> str:
        """Whom the address stands for: itself, or the /64 that one holder of IPv6 addresses has."""
        if self.address is None:
            return "unknown"
        ip = ipaddress.ip_address(self.address)
        return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))


class Served:
    """One request being served, and whether an event of it stands in the log."""

    def __init__(self, context: RequestContext) -> None:
        self.context = context
        self.has_event = False
        self.tenant: Tenant | None = None
        self.began = time.perf_counter()

    def note_event(self) -> None:
        """An event of this request was committed."""
        self.has_event = True


_served: ContextVar[Served | None] = ContextVar("served", default=None)


def bind(context: RequestContext) -> Bound[Served | None]:
    """Serve a request: everything recorded inside carries `context`."""
    return Bound(_served, Served(context))


def current() -> RequestContext:
    """The request being served; an empty one in commands and tasks."""
    served = _served.get()
    return served.context if served else RequestContext()


def elapsed() -> dict[str, int]:
    """`milliseconds` since the request being served came in, for an event's data; else nothing."""
    served = _served.get()
    return {"milliseconds": round((time.perf_counter() - served.began) * 1000)} if served else {}


def note_tenant(tenant: Tenant) -> None:
    """The person being served has proven to belong to this tenant."""
    served = _served.get()
    if served is not None:
        served.tenant = tenant


def served() -> Served | None:
    """The request being served with its event mark; None outside of requests."""
    return _served.get()
