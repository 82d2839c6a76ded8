"""What each role may do for its tenant. One table; every page names what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from tenants.keys import SCOPES
from tenants.models import Role


class Permission(StrEnum):
    """Something that pages offer; the overview is for every member."""

    OVERVIEW = "overview"
    KEYS = "keys"
    TRY_IT = "try it"
    SUBMISSIONS = "submissions"
    FEEDBACK = "feedback"
    USAGE = "usage"
    WEBHOOKS = "webhooks"
    AUDIT = "audit"
    RETENTION = "retention"
    TEAM = "team"
    SETTINGS = "settings"


PERMISSIONS: Final[Mapping[str, frozenset[Permission]]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Permission),
        Role.DEVELOPER: frozenset(
            {
                Permission.OVERVIEW,
                Permission.KEYS,
                Permission.TRY_IT,
                Permission.SUBMISSIONS,
                Permission.FEEDBACK,
                Permission.USAGE,
                Permission.WEBHOOKS,
            }
        ),
        Role.COMPLIANCE: frozenset(
            {
                Permission.OVERVIEW,
                Permission.SUBMISSIONS,
                Permission.FEEDBACK,
                Permission.USAGE,
                Permission.AUDIT,
                Permission.RETENTION,
            }
        ),
    }
)
# A key must not open to a person what their role does not.
GRANTABLE_SCOPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Role.OWNER: tuple(SCOPES),
        Role.DEVELOPER: tuple(scope for scope in SCOPES if scope != "audit:read"),
        Role.COMPLIANCE: (),
    }
)


def may(role: str, permission: Permission) -> bool:
    """Whether a member of that role may do it."""
    return permission in PERMISSIONS.get(role, frozenset())
