"""The flood breaker: an entry that suddenly matches everything, or that tenants call wrong."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from matching.curation.alarms import stop_by_guard
from matching.models import (
    Decision,
    EntryState,
    Feedback,
    FeedbackVerdict,
    HashEntry,
    ListKind,
    Match,
    ReviewState,
)

WINDOW: Final = datetime.timedelta(hours=1)
LARGEST_SHARE: Final = 0.05  # of the different files that matched anything in the window
FEWEST_FILES: Final = 100
"""Different files that an entry must have matched: one file sent again and again is no flood, and
in a quiet hour every entry has a large share."""
FEWEST_TENANTS: Final = 3
_FILES: Final = Count("submission__sha256", distinct=True) + Count(
    "submission", distinct=True, filter=Q(submission__sha256=None)
)


def suspend_floods() -> list[HashEntry]:
    """Suspend every active entry of a live list that floods, or that three tenants call wrong.

    What happened before curators last let an entry match again does not count. Returns them.
    """
    flooding, reported = dict(_flooding()), dict(_reported())
    entries = HashEntry.objects.filter(pk__in=[*flooding, *reported], state=EntryState.ACTIVE)
    stopped = list(entries.select_related("hash_list"))
    with transaction.atomic():
        for entry in stopped:
            if entry.pk in reported:
                tenants = reported[entry.pk]
                stop_by_guard(entry=entry, what="called wrong by tenants", tenants=tenants)
            else:
                share = round(flooding[entry.pk], 3)
                stop_by_guard(entry=entry, what="has too large a share of matches", share=share)
    return stopped


def _flooding() -> Iterator[tuple[int, float]]:
    """Entries with too large a share of the last hour's matches, and that share."""
    since = timezone.now() - WINDOW
    recent = Match.objects.filter(created_at__gte=since, entry__hash_list__kind=ListKind.LIVE)
    total = recent.aggregate(files=_FILES)["files"]
    counts = recent.order_by().values_list("entry_id").annotate(files=_FILES)
    for entry, files in counts.filter(files__gte=FEWEST_FILES):
        if files > LARGEST_SHARE * total and _resumed_at(entry) < since:
            yield entry, files / total


def _reported() -> Iterator[tuple[int, int]]:
    """Entries that enough tenants call wrong, without curators having said otherwise."""
    complaints = Feedback.objects.filter(
        verdict=FeedbackVerdict.FALSE_POSITIVE,
        review__state__in=(ReviewState.OPEN, ReviewState.UPHELD),
        match__entry__state=EntryState.ACTIVE,
        match__entry__hash_list__kind=ListKind.LIVE,
    )
    tenants = Count("tenant", distinct=True)
    many = complaints.order_by().values_list("match__entry_id").annotate(tenants=tenants)
    for entry, _ in many.filter(tenants__gte=FEWEST_TENANTS):
        news = complaints.filter(match__entry=entry, changed_at__gt=_resumed_at(entry))
        if (count := news.aggregate(tenants=tenants)["tenants"]) >= FEWEST_TENANTS:
            yield entry, count


def _resumed_at(entry: int) -> datetime.datetime:
    """When curators last let the entry match again."""
    last = Decision.objects.filter(entry=entry).aggregate(at=Max("applied_at"))["at"]
    return last or datetime.datetime.min.replace(tzinfo=datetime.UTC)
