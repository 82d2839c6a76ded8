"""What an act will change, before it is done: counts by source and class, and the first rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from matching.models import (
    Decided,
    Decision,
    EntryState,
    HashEntry,
    HashEntryQuerySet,
    HashList,
    ImportRun,
    ListState,
)

PREVIEWED = 50
MATCH, COUNT, WAIT = "Match from then on", "Are counted from then on", "Wait for approval still"
STOP, END = "Stop matching", "Stop matching for good"
BECOME_ACTIVE = "Become active, and match as soon as their list is active"
STARTED = {ListState.ACTIVE: MATCH, ListState.SHADOW: COUNT}


@dataclass(frozen=True)
class Share:
    """Entries of one source and violation."""

    source: str
    hash_list: str
    violation: str
    entries: int


@dataclass(frozen=True)
class Outlook:
    """Entries that an act takes hold of, `effect` says what becomes of them.

    Exact, so it reads every one of them: it belongs on pages that ask for a decision only.
    """

    effect: str
    shares: list[Share]
    preview: list[HashEntry]

    @classmethod
    def of(cls, effect: str, entries: HashEntryQuerySet) -> Outlook:
        counted = (
            entries.order_by()
            .values_list("hash_list__source", "hash_list__slug", "violation")
            .annotate(entries=Count("pk"))
        )
        shares = [Share(*row) for row in counted.order_by("hash_list__slug", "violation")]
        preview = entries.select_related("hash_list").order_by("-pk")[:PREVIEWED]
        return cls(effect, shares, list(preview) if shares else [])

    @property
    def total(self) -> int:
        return sum(share.entries for share in self.shares)

    @property
    def unshown(self) -> int:
        return self.total - len(self.preview)


def of_entries(effect: str) -> Callable[[HashEntryQuerySet], list[Outlook]]:
    """The chosen entries themselves."""
    return lambda rows: [Outlook.of(effect, rows)]


def of_lists(effect: str) -> Callable[[QuerySet[HashList]], list[Outlook]]:
    """The active entries of lists; where they start, also those that would not match yet."""

    def outlook(rows: QuerySet[HashList]) -> list[Outlook]:
        # Their keys, not a subquery: of a single list PostgreSQL then has the entries in order.
        entries = HashEntry.objects.filter(hash_list__in=[one.pk for one in rows])
        told = [Outlook.of(effect, entries.filter(state=EntryState.ACTIVE))]
        if effect in STARTED.values():
            told.append(Outlook.of(WAIT, entries.filter(state=EntryState.PENDING)))
        return told

    return outlook


def of_decisions(rows: QuerySet[Decision]) -> list[Outlook]:
    """What comes into force by decisions on lists and entries; thresholds move no entry."""
    states = rows.filter(field=Decided.STATE).order_by()
    lists = states.filter(hash_list__isnull=False)
    told = [
        found
        for state, effect in STARTED.items()
        for found in _started(lists.filter(after=state).values("hash_list"), effect)
    ]
    entries = HashEntry.objects.filter(pk__in=states.filter(entry__isnull=False).values("entry"))
    return told + ([Outlook.of(MATCH, entries)] if entries.exists() else [])


def _started(lists: Any, effect: str) -> list[Outlook]:
    chosen = HashList.objects.filter(pk__in=lists)
    return of_lists(effect)(chosen) if chosen.exists() else []


def of_import(run: ImportRun) -> Outlook:
    """What the approval of an import as a whole puts in force."""
    effect = MATCH if run.hash_list.state == ListState.ACTIVE else BECOME_ACTIVE
    return Outlook.of(effect, HashEntry.objects.filter(import_run=run, state=EntryState.PENDING))
