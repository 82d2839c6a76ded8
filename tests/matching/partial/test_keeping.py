"""Local signatures on their way into the database: encrypted, bound to their entry, two people."""

from __future__ import annotations

import base64

import pytest

from matching.curation import approve_entries
from matching.hashing.local import LocalSignature as Signature
from matching.importers import import_file
from matching.models import HashEntry, LocalSignature
from matching.partial.sealing import SignatureUnreadable, opened, seal
from tests.matching.hashing.local.golden import GOLDEN
from tests.matching.importers.records import record, signature_file

LOCAL = GOLDEN.read_bytes()


def with_local(number, **changes):
    return record(number, local=base64.b64encode(LOCAL).decode(), **changes)


@pytest.fixture
def bring(ncmec, curator):
    def import_records(*records, **options):
        file = signature_file(*records)
        usual = {"format": "signatures", "actor": curator, "file_name": "june.jsonl"}
        return import_file(hash_list=ncmec, file=file, **{**usual, **options})

    return import_records


def kept(row: LocalSignature) -> bytes:
    entry = row.entry
    return opened(bytes(row.sealed), hash_list=entry.hash_list_id, identity=entry.identity)


def test_import_keeps_the_signature_of_each_entry_that_has_one(bring):
    bring(with_local(1), record(2))

    [row] = LocalSignature.objects.all()
    assert (kept(row), row.format_version, row.segment) == (LOCAL, 1, None)


def test_what_the_database_holds_is_encrypted(bring):
    bring(with_local(1))

    [row] = LocalSignature.objects.all()
    assert Signature.from_bytes(LOCAL).codes[:1].tobytes() not in bytes(row.sealed)


def test_signature_can_not_be_moved_to_another_entry(ncmec):
    sealed = seal(LOCAL, hash_list=ncmec.pk, identity="id:1")

    with pytest.raises(SignatureUnreadable):
        opened(sealed, hash_list=ncmec.pk, identity="id:2")


def test_another_key_reads_nothing(ncmec, settings):
    sealed = seal(LOCAL, hash_list=1, identity="id:1")
    settings.SIGNATURE_KEY = "another one"

    with pytest.raises(SignatureUnreadable):
        opened(sealed, hash_list=1, identity="id:1")


def test_repeated_import_leaves_the_signature_alone(bring):
    bring(with_local(1))
    first = LocalSignature.objects.get()
    bring(with_local(1))

    assert LocalSignature.objects.get().pk == first.pk


def test_pending_entry_gets_the_signature_that_an_earlier_import_left_out(bring):
    bring(record(1))
    bring(with_local(1))

    assert LocalSignature.objects.count() == 1


def test_changed_entry_gets_a_signature_with_a_key_of_its_own(bring):
    bring(with_local(1, external_id="a"))
    first = LocalSignature.objects.get()
    bring(with_local(2, external_id="a"))

    assert LocalSignature.objects.get().pk != first.pk
    assert HashEntry.objects.count() == 1


def test_entry_in_force_gets_no_signature_from_one_person(bring, second_curator):
    bring(record(1))
    approve_entries(entries=HashEntry.objects.all(), actor=second_curator)
    bring(with_local(1))

    assert not LocalSignature.objects.exists()
