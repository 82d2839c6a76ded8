"""Put the sandbox's pictures on their list, by two people as on every list."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User

from matching.curation import (
    add_entries,
    approve_entries,
    create_list,
    draft_of_image,
    publish_list,
)
from matching.decoding import decoders, partial_decoders
from matching.models import HashEntry, HashList, ListKind, ListState, Violation
from matching.sandbox.fixtures import listed
from tenants.audit.record import Actor

LIST: Final = "sandbox"
WHY: Final = "Benign pictures for those who build a client."


def set_up(*, adder: User, approver: User) -> HashList:
    """The list with all its pictures in force. Safe to repeat. Raises FourEyesRequired."""
    hash_list = HashList.objects.filter(slug=LIST).first() or create_list(
        slug=LIST, kind=ListKind.TEST, source="Sandbox", actor=Actor.user(adder)
    )
    drafts = [
        draft_of_image(
            decoders().register(listed(violation)),
            violation=violation,
            local=partial_decoders().register_local(listed(violation)),
        )
        for violation in Violation
    ]
    add_entries(hash_list=hash_list, drafts=drafts, actor=adder)
    approve_entries(entries=HashEntry.objects.filter(hash_list=hash_list), actor=approver)
    if hash_list.state == ListState.DRAFT:
        publish_list(hash_list=hash_list, proposed_by=adder, approved_by=approver, reason=WHY)
    return hash_list
