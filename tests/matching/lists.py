"""Lists with known pictures on them, for tests that match."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from matching.curation import (
    EntryDraft,
    add_entry,
    approve_decision,
    approve_entry,
    create_list,
    draft_of_image,
    propose_list_state,
    quarantine_list,
)
from matching.hashing import hash_image
from matching.models import HashEntry, HashList, ListState
from tenants.audit.record import Actor
from tenants.memberships import CURATORS


def make_list(
    slug: str = "ncmec",
    *,
    kind: str = "live",
    violation: str = "A1",
    state: str = "active",
    **settings: Any,
) -> HashList:
    """A list that two curators have published, or a draft."""
    hash_list = create_list(
        slug=slug,
        kind=kind,
        source=slug.upper(),
        violation=violation,
        actor=Actor.system("test"),
        **settings,
    )
    if state == ListState.DRAFT:
        return hash_list
    if state != ListState.ACTIVE:
        quarantine_list(hash_list=hash_list, actor=publishers()[0])
    if state in (ListState.ACTIVE, ListState.SHADOW):
        start_list(hash_list, state)
    return hash_list


def start_list(hash_list: HashList, state: str) -> None:
    proposer, approver = publishers()
    decision = propose_list_state(
        hash_list=hash_list, state=ListState(state), actor=proposer, reason="test"
    )
    approve_decision(decision=decision, actor=approver)
    hash_list.refresh_from_db()


def publishers() -> list[User]:
    """Two curators who do nothing but publish lists."""
    circle, _ = Group.objects.get_or_create(name=CURATORS)
    people = [
        User.objects.get_or_create(username=f"publisher {number}", is_staff=True)[0]
        for number in (1, 2)
    ]
    circle.user_set.add(*people)
    return people


def draft_of(data: bytes, **particulars: str) -> EntryDraft:
    """An entry that carries every signal of the image in `data`."""
    return draft_of_image(hash_image(data), **particulars)


def make_active(
    hash_list: HashList, data: bytes, *, by: User, approver: User, **particulars: str
) -> HashEntry:
    """An entry in force for the image in `data`."""
    entry = add_entry(hash_list=hash_list, draft=draft_of(data, **particulars), actor=by)
    approve_entry(entry=entry, actor=approver)
    return entry
