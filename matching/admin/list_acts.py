"""What curators do to whole lists. Stopping takes one of them; starting is proposed here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from matching import curation
from matching.admin.acts import Act, confirmed
from matching.admin.outlook import COUNT, END, MATCH, STOP, of_lists
from matching.models import HashList, ListState

Lists = QuerySet[HashList]


def _each(states: frozenset[str], verb: Callable[..., object]) -> Callable[[Any, User, str], int]:
    """Call `verb` for every list that is in one of `states`."""

    def carry_out(rows: Lists, person: User, reason: str) -> int:
        hash_lists = list(rows.filter(state__in=states))
        for hash_list in hash_lists:
            verb(hash_list=hash_list, actor=person, reason=reason)
        return len(hash_lists)

    return carry_out


def _becoming(state: ListState) -> Callable[..., object]:
    return partial(curation.propose_list_state, state=state)


def _act(states: set[ListState], verb: Callable[..., object], **terms: Any) -> Act:
    words = frozenset(state.value for state in states)
    return Act(from_states=words, carry_out=_each(words, verb), **terms)


QUARANTINE_LIST = _act(
    {ListState.DRAFT},
    curation.quarantine_list,
    name="quarantine",
    label="Submit",
    done="submitted",
    consequence="They wait in quarantine to be published. Nothing matches yet.",
    permission="change",
)
SHADOW_LIST = _act(
    {ListState.QUARANTINE, ListState.SUSPENDED},
    _becoming(ListState.SHADOW),
    name="shadow",
    outlook=of_lists(COUNT),
    label="Propose a shadow run",
    done="proposed for a shadow run",
    consequence="Once another curator has approved this, matches are counted; no answer changes.",
    permission="change",
)
ACTIVATE_LIST = _act(
    {ListState.QUARANTINE, ListState.SHADOW, ListState.SUSPENDED},
    _becoming(ListState.ACTIVE),
    name="activate",
    outlook=of_lists(MATCH),
    label="Propose to activate",
    done="proposed to be activated",
    consequence="Once another curator has approved this, their active entries match at once.",
    permission="change",
)
SUSPEND_LIST = _act(
    {ListState.SHADOW, ListState.ACTIVE},
    curation.suspend_list,
    name="suspend",
    outlook=of_lists(STOP),
    label="Suspend",
    done="suspended",
    consequence="No entry of them matches from now on, until two curators decide otherwise.",
    permission="suspend",
    stops=True,
)
RETIRE_LIST = _act(
    set(ListState) - {ListState.RETIRED},
    curation.retire_list,
    name="retire",
    outlook=of_lists(END),
    label="Retire",
    done="retired",
    consequence="Their entries stop matching at once and for good: this can not be undone.",
    permission="suspend",
    stops=True,
)
LIST_ACTS = (QUARANTINE_LIST, SHADOW_LIST, ACTIVATE_LIST, SUSPEND_LIST, RETIRE_LIST)
LIST_ACTIONS: list[Any] = [confirmed(act) for act in LIST_ACTS]
