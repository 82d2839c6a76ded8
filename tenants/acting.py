"""For whom statements run: PostgreSQL shows a tenant's rows to that tenant and to the service.

Every table with a tenant has a policy that its owner is bound by too (`hashservice/database.py`).
Whoever says nothing is nobody and sees none of these rows. Requests act for the tenant whose key
was proven; the admin, tasks, commands and health checks say that they act for the service. New
threads begin as nobody.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from tenants.binding import Bound


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody whom statements run for; `tenant` is a primary key."""

    tenant: int | None = None
    scope: str = ""


NOBODY: Final = Acting()
SERVICE: Final = Acting(scope="service")
SELF_DECLARED: Final = Acting(scope="self-declared")  # statements that tell PostgreSQL themselves
TENANT_SETTING, SCOPE_SETTING = "app.tenant_id", "app.scope"

_acting: ContextVar[Acting] = ContextVar("acting", default=NOBODY)


def current() -> Acting:
    """For whom statements of this thread run at the moment."""
    return _acting.get()


def acting_as(whom: Acting) -> Bound[Acting]:
    """Run statements for `whom`; whatever becomes of it inside ends with the block."""
    return Bound(_acting, whom)


def become(whom: Acting) -> None:
    """Go on for `whom`, until the enclosing `acting_as` ends."""
    _acting.set(whom)


def told(connection: Any, whom: Acting | None) -> None:
    """Note what a self-declared statement told PostgreSQL; None when that is not known."""
    connection.told = whom
