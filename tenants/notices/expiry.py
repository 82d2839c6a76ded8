"""Keys that end soon."""

from __future__ import annotations

import datetime
from typing import Final

from django.db import models
from django.db.models.functions import Now

from tenants.audit.record import Actor
from tenants.models import ApiKey, NoticeKind
from tenants.notices.telling import notify

WARNED_DAYS_BEFORE: Final = (14, 3, 1)


def find_expiring_keys(*, actor: Actor) -> int:
    """Tell the owners of keys that end within 14, 3 and 1 days, once each; tells how many.

    Not of keys that were rotated, which are meant to end, nor of times longer than a key's life.
    """
    horizon = datetime.timedelta(days=max(WARNED_DAYS_BEFORE))
    keys = ApiKey.objects.filter(
        expires_at__gt=Now(),
        expires_at__lte=Now() + horizon,
        revoked_at=None,
        successor=None,
        tenant__is_active=True,
    )
    return sum(_warn(key, now, actor) for key, now in _with_time(keys))


def _with_time(keys: models.QuerySet[ApiKey]) -> list[tuple[ApiKey, datetime.datetime]]:
    return [(key, key.now) for key in keys.select_related("tenant").annotate(now=Now())]


def _warn(key: ApiKey, now: datetime.datetime, actor: Actor) -> bool:
    days = _stage(key, now)
    if days is None or key.expires_at is None:
        return False
    return notify(
        tenant=key.tenant,
        environment=key.environment,
        kind=NoticeKind.KEY_EXPIRING,
        subject=f"{key.key_id}:{key.expires_at:%Y-%m-%d}:{days}",
        data={
            "key_id": key.key_id,
            "name": key.name,
            "expires_at": key.expires_at.isoformat(),
            "within_days": days,
        },
        actor=actor,
    )


def _stage(key: ApiKey, now: datetime.datetime) -> int | None:
    """The nearest of the days before, if the key was made to live longer than that."""
    if key.expires_at is None:
        return None
    left, life = key.expires_at - now, key.expires_at - key.created_at
    stages = [days for days in WARNED_DAYS_BEFORE if left <= datetime.timedelta(days=days)]
    days = min(stages, default=None)
    return days if days is not None and life > datetime.timedelta(days=days) else None
