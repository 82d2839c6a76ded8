"""What somebody should look at: lists that grew old, exchanges that are late, guards that do not
run, things stopped."""

from __future__ import annotations

import datetime
from typing import Final

from django.db.models import Max
from django.utils import timezone

from matching.curation.canaries import CHECK
from matching.models import (
    Exchange,
    GuardCheck,
    HashList,
    ListState,
    ListsVersion,
    ReviewItem,
    ReviewKind,
    ReviewState,
)

LONGEST_UNCHECKED: Final = datetime.timedelta(hours=2)
WATCHED: Final = (ListState.SHADOW, ListState.ACTIVE)


def alarms() -> list[str]:
    """One sentence for each thing that is not as it should be; none of them stops an answer."""
    return [
        *_stale_lists(),
        *_late_exchanges(),
        *_silent_guards(),
        *_stopped(),
        *_stopped_by_guards(),
    ]


def _stale_lists() -> list[str]:
    watched = HashList.objects.filter(state__in=WATCHED, fresh_for_days__isnull=False)
    return [
        f"list {one.slug} was not imported for more than {one.fresh_for_days} days"
        for one in watched.annotate(refreshed_at=Max("imports__finished_at"))
        if (due := one.stale_since(one.refreshed_at)) and due < timezone.now()
    ]


def _late_exchanges() -> list[str]:
    """Those that several polls in a row brought nothing from; a retired list needs none."""
    polled = Exchange.objects.filter(enabled=True).exclude(hash_list__state=ListState.RETIRED)
    late = [one for one in polled.select_related("hash_list") if one.is_late]
    return [
        f"{one} was last read to its end at {one.succeeded_at:%Y-%m-%d %H:%M}"
        if one.succeeded_at
        else f"{one} was never read to its end"
        for one in late
    ]


def _silent_guards() -> list[str]:
    last = GuardCheck.objects.filter(name=CHECK).first()
    if last is None or timezone.now() - last.checked_at < LONGEST_UNCHECKED:
        return []
    return [f"canaries were last looked for at {last.checked_at:%Y-%m-%d %H:%M}"]


def _stopped() -> list[str]:
    current = ListsVersion.objects.first()
    return [f"{name} is stopped" for name in current.stopped] if current else []


def _stopped_by_guards() -> list[str]:
    waiting = ReviewItem.objects.filter(kind=ReviewKind.GUARD, state=ReviewState.OPEN)
    return ["guards have stopped entries: see the reviews"] if waiting.exists() else []
