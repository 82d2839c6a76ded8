"""The figures a curator starts the day with. Each costs the same whatever the tables hold."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone

from matching.admin.chart import Chart, matches_chart
from matching.admin.lists import lists_with_counts
from matching.curation import alarms
from matching.importers.queue import OPEN
from matching.models import (
    Decision,
    DecisionState,
    EntryState,
    HashEntry,
    HashList,
    ImportRun,
    ListsVersion,
    ReviewItem,
    ReviewState,
)
from tenants.admin.paging import counted, number
from tenants.models import ActorKind, AuditEvent

SHOWN_EVENTS = 8
SHOWN_LISTS = 12
RECENT_RUNS = 1_000  # an older one that is open still was left a week ago, and is cancelled soon
RECENT_EVENTS = 20_000  # among these the people's are looked for: they have no index of their own


@dataclass(frozen=True)
class Waiting:
    """Entries that wait for approval: by this person, or by somebody else."""

    for_you: str
    by_you: str
    oldest_at: datetime.datetime | None


@dataclass(frozen=True)
class Todo:
    """What waits for a curator's decision, and what is not as it should be."""

    proposals: str
    reviews: str
    alarms: list[str]


@dataclass(frozen=True)
class Dashboard:
    """What one person may see; what they may not is None or empty."""

    waiting: Waiting | None = None
    todo: Todo | None = None
    lists: list[HashList] = field(default_factory=list)
    imports: list[ImportRun] = field(default_factory=list)
    version: ListsVersion | None = None
    chart: Chart | None = None
    events: list[AuditEvent] = field(default_factory=list)


def dashboard_for(user: User) -> Dashboard:
    """The dashboard, with what `user` has the permission to view."""
    return Dashboard(
        waiting=_waiting(user) if user.has_perm("matching.view_hashentry") else None,
        todo=_todo() if user.has_perm("matching.view_decision") else None,
        lists=_lists() if user.has_perm("matching.view_hashlist") else [],
        imports=_open_imports() if user.has_perm("matching.view_importrun") else [],
        version=_version() if user.has_perm("matching.view_listsversion") else None,
        chart=_chart() if user.has_perm("matching.view_match") else None,
        events=_events_of_people() if user.has_perm("tenants.view_auditevent") else [],
    )


def _waiting(user: User) -> Waiting:
    pending = HashEntry.objects.filter(state=EntryState.PENDING)
    oldest = pending.order_by("pk").values_list("created_at", flat=True).first()
    return Waiting(
        for_you=number(counted(pending.exclude(created_by=user))),
        by_you=number(counted(pending.filter(created_by=user))),
        oldest_at=oldest,
    )


def _todo() -> Todo:
    return Todo(
        proposals=number(counted(Decision.objects.filter(state=DecisionState.OPEN))),
        reviews=number(counted(ReviewItem.objects.filter(state=ReviewState.OPEN))),
        alarms=alarms(),
    )


def _lists() -> list[HashList]:
    return list(lists_with_counts().order_by("kind", "slug")[:SHOWN_LISTS])


def _open_imports() -> list[ImportRun]:
    """Those under way, and those that were compared and wait for somebody's decision."""
    newest = ImportRun.objects.order_by("-pk")[:RECENT_RUNS].values("pk")
    open_ones = ImportRun.objects.filter(pk__in=newest, state__in=OPEN)
    return list(open_ones.select_related("hash_list").order_by("-pk")[:SHOWN_LISTS])


def _version() -> ListsVersion | None:
    return ListsVersion.objects.select_related("snapshot").first()


def _chart() -> Chart:
    return matches_chart(timezone.now().date())


def _events_of_people() -> list[AuditEvent]:
    newest = AuditEvent.objects.aggregate(pk=Max("pk"))["pk"] or 0
    recent = AuditEvent.objects.filter(pk__gt=newest - RECENT_EVENTS, actor_kind=ActorKind.USER)
    acts = recent.exclude(action__endswith=".read").exclude(action="request.served")
    return list(acts[:SHOWN_EVENTS])
