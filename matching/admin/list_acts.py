"""Stopping and starting whole lists."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from matching import curation
from matching.admin.acts import Act, confirmed
from matching.models import HashList, ListState


def _suspend(rows: QuerySet[HashList], person: User, reason: str) -> int:
    hash_lists = list(rows.filter(SUSPEND_LIST.ready()))
    for hash_list in hash_lists:
        curation.suspend_list(hash_list=hash_list, actor=person, reason=reason)
    return len(hash_lists)


def _resume(rows: QuerySet[HashList], person: User, reason: str) -> int:
    hash_lists = list(rows.filter(RESUME_LIST.ready()).exclude(RESUME_LIST.own(person)))
    for hash_list in hash_lists:
        curation.resume_list(hash_list=hash_list, actor=person, reason=reason)
    return len(hash_lists)


SUSPEND_LIST = Act(
    name="suspend",
    label="Suspend",
    done="suspended",
    consequence="No entry of them matches from now on, until another curator resumes them.",
    permission="suspend",
    from_states=frozenset({ListState.ACTIVE}),
    stops=True,
    carry_out=_suspend,
)
RESUME_LIST = Act(
    name="resume",
    label="Resume",
    done="resumed",
    consequence="Their active entries match again at once.",
    permission="suspend",
    from_states=frozenset({ListState.SUSPENDED}),
    not_by="suspended_by",
    own_doing="suspended",
    carry_out=_resume,
)
LIST_ACTS = (SUSPEND_LIST, RESUME_LIST)
LIST_ACTIONS: list[Any] = [confirmed(act) for act in LIST_ACTS]
