"""The acts on entries, each with the verb behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User

from matching import curation
from matching.admin.acts import Act, confirmed
from matching.admin.outlook import BECOME_ACTIVE, END, STOP, of_entries
from matching.models import EntryState, HashEntryQuerySet

MOST_ONE_BY_ONE = 200  # each is a transaction of its own; to stop more, suspend the list


def _approve(rows: HashEntryQuerySet, person: User, reason: str) -> int:
    return curation.approve_entries(entries=rows, actor=person, reason=reason)


def _retire(rows: HashEntryQuerySet, person: User, reason: str) -> int:
    return curation.retire_entries(entries=rows, actor=person, reason=reason)


def _retire_false(rows: HashEntryQuerySet, person: User, reason: str) -> int:
    return curation.retire_entries(entries=rows, actor=person, reason=reason, was_false=True)


def _suspend(rows: HashEntryQuerySet, person: User, reason: str) -> int:
    return _one_by_one(SUSPEND, curation.suspend_entry, rows, person, reason)


def _resume(rows: HashEntryQuerySet, person: User, reason: str) -> int:
    return _one_by_one(RESUME, curation.propose_resuming, rows, person, reason)


def _one_by_one(
    act: Act, verb: Callable[..., object], rows: HashEntryQuerySet, person: User, reason: str
) -> int:
    entries = list(rows.filter(act.ready()))
    for entry in entries:
        verb(entry=entry, actor=person, reason=reason)
    return len(entries)


APPROVE = Act(
    name="approve",
    label="Approve",
    done="approved",
    consequence="They match for all tenants of their list's kind within a second.",
    permission="approve",
    from_states=frozenset({EntryState.PENDING}),
    not_by="created_by",
    own_doing="added",
    outlook=of_entries(BECOME_ACTIVE),
    carry_out=_approve,
)
RETIRE = Act(
    name="retire",
    label="Retire",
    done="retired",
    consequence="They stop matching at once and for good: retirement can not be undone.",
    permission="retire",
    from_states=frozenset({EntryState.PENDING, EntryState.ACTIVE, EntryState.SUSPENDED}),
    stops=True,
    outlook=of_entries(END),
    carry_out=_retire,
)
RETIRE_FALSE = replace(
    RETIRE,
    name="retire_false",
    label="Retire as false",
    done="retired as false",
    consequence=f"{RETIRE.consequence} Tenants are told that their matches with them do not hold.",
    carry_out=_retire_false,
)
SUSPEND = Act(
    name="suspend",
    label="Suspend",
    done="suspended",
    consequence="They stop matching at once, until two curators have decided otherwise.",
    permission="suspend",
    from_states=frozenset({EntryState.ACTIVE}),
    stops=True,
    outlook=of_entries(STOP),
    most=MOST_ONE_BY_ONE,
    carry_out=_suspend,
)
RESUME = Act(
    name="resume",
    label="Propose to resume",
    done="proposed to be resumed",
    consequence="They match again once another curator has approved this.",
    permission="approve",
    from_states=frozenset({EntryState.SUSPENDED}),
    most=MOST_ONE_BY_ONE,
    carry_out=_resume,
)
ENTRY_ACTS = (APPROVE, SUSPEND, RESUME, RETIRE, RETIRE_FALSE)
ENTRY_ACTIONS: list[Any] = [confirmed(act) for act in ENTRY_ACTS]
