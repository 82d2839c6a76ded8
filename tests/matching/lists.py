"""Lists with known pictures on them, for tests that match."""

from __future__ import annotations

from django.contrib.auth.models import User

from matching.curation import (
    EntryDraft,
    add_entry,
    approve_entry,
    create_list,
    draft_of_image,
)
from matching.hashing import hash_image
from matching.models import HashEntry, HashList
from tenants.audit.record import Actor


def make_list(slug: str = "ncmec", *, kind: str = "live", violation: str = "A1") -> HashList:
    return create_list(
        slug=slug, kind=kind, source=slug.upper(), violation=violation, actor=Actor.system("test")
    )


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
