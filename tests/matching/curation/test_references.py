"""Entries refer to what is there, whoever writes the SQL: see migration 0021."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from matching.curation import EntryDraft, add_entry
from matching.hashing import Signal, SignalType
from matching.models import HashEntry, HashList

NOBODY = 2_000_000_000


@pytest.fixture
def pending_entry(ncmec: HashList, curator: User) -> HashEntry:
    draft = EntryDraft([Signal(SignalType.MD5, bytes(range(16)))])
    return add_entry(hash_list=ncmec, draft=draft, actor=curator)


@pytest.mark.parametrize("column", ["hash_list_id", "import_run_id", "created_by_id"])
def test_entry_can_not_be_moved_to_what_is_not_there(pending_entry: HashEntry, column: str):
    with pytest.raises(IntegrityError, match="not there"), transaction.atomic():
        HashEntry.objects.filter(pk=pending_entry.pk).update(**{column: NOBODY})


@pytest.mark.parametrize("column", ["hash_list_id", "import_run_id", "created_by_id"])
def test_entry_can_not_be_added_to_what_is_not_there(pending_entry: HashEntry, column: str):
    setattr(pending_entry, column, NOBODY)
    pending_entry.pk, pending_entry.identity = None, "id:another"
    with pytest.raises(IntegrityError, match="not there"), transaction.atomic():
        pending_entry.save()


def forget(person: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_user_groups")
        cursor.execute("DELETE FROM auth_user WHERE id = %s", [person])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_person_who_added_entries_can_not_be_deleted(pending_entry: HashEntry):
    with pytest.raises(IntegrityError, match="entries refer to auth_user"):
        forget(pending_entry.created_by_id)
