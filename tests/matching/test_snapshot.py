"""The live index: what is approved is found, what is damaged is refused, nothing is missed."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from django.db import connection, transaction

from matching.curation import EntryDraft, add_entry, approve_entry
from matching.hashing import Digests, Signal, SignalType, digests, hash_image
from matching.index import Meta, remove
from matching.index.store import publishing
from matching.models import ListsVersion, Snapshot
from matching.snapshot import (
    IndexUnavailable,
    LoadedIndex,
    build_and_publish,
    digests_directory,
    index_directory,
    is_rebuild_due,
    live,
)
from tenants.audit.record import Actor
from tests.matching.lists import draft_of, make_active, make_list

NARRATOR = Actor.system("tests")


def index() -> LoadedIndex:
    return live.at(ListsVersion.objects.get())


def finds(data: bytes) -> bool:
    value = hash_image(data).pdq.value
    return value in index().search(np.frombuffer(value, np.uint8).reshape(1, 32), 31)


def may_list(data: bytes) -> bool:
    return index().may_list(digests(data))


def damage(directory: Path) -> None:
    for file in directory.iterdir():
        if content := bytearray(file.read_bytes()):
            content[len(content) // 2] ^= 1
            file.write_bytes(content)


@pytest.mark.django_db
def test_approved_entry_is_found_without_a_snapshot(known_entry, known_picture):
    assert finds(known_picture)
    assert index().base is None


@pytest.mark.django_db
def test_entry_of_the_snapshot_is_found_in_it(known_entry, known_picture):
    build_and_publish(actor=NARRATOR)
    live.unload()

    assert finds(known_picture)
    assert (index().base is not None, len(index().delta)) == (True, 0)


@pytest.mark.django_db
def test_entry_approved_after_the_snapshot_is_found_beside_it(
    known_entry, ncmec, unknown_picture, curator, second_curator
):
    build_and_publish(actor=NARRATOR)
    live.unload()
    assert not finds(unknown_picture)

    make_active(ncmec, unknown_picture, by=curator, approver=second_curator)

    assert finds(unknown_picture)


@pytest.mark.django_db
def test_damaged_snapshot_is_refused_and_named(known_entry):
    damage(index_directory(build_and_publish(actor=NARRATOR)))
    live.unload()

    with pytest.raises(IndexUnavailable):
        index()
    assert live.damage


@pytest.mark.django_db
def test_with_a_damaged_successor_the_loaded_snapshot_goes_on(
    known_entry, known_picture, ncmec, unknown_picture, curator, second_curator, monkeypatch
):
    monkeypatch.setattr("matching.snapshot.FAR_BEHIND", 1)  # open it at once, not aside
    build_and_publish(actor=NARRATOR)
    live.unload()
    assert finds(known_picture)
    make_active(ncmec, unknown_picture, by=curator, approver=second_curator)

    damage(index_directory(build_and_publish(actor=NARRATOR)))

    assert finds(known_picture)
    assert finds(unknown_picture)
    assert live.damage


@pytest.mark.django_db(transaction=True)
def test_new_snapshot_is_opened_aside(known_picture, curator, second_curator):
    make_active(make_list(), known_picture, by=curator, approver=second_curator)
    assert finds(known_picture)

    published = build_and_publish(actor=NARRATOR)
    assert finds(known_picture)
    for thread in threading.enumerate():
        if thread.name.endswith("(_open_aside)"):
            thread.join()

    assert index().snapshot_id == published.pk
    assert finds(known_picture)


@pytest.mark.django_db(transaction=True)
def test_change_that_commits_late_is_not_missed(
    known_picture, unknown_picture, curator, second_curator
):
    """While one approval is open, no later one can commit with a higher version."""
    hash_list = make_list()
    first, second = (
        add_entry(hash_list=hash_list, draft=draft_of(data), actor=curator)
        for data in (known_picture, unknown_picture)
    )

    def approve_second() -> None:
        approve_entry(entry=second, actor=second_curator)
        connection.close()

    later = threading.Thread(target=approve_second)
    with transaction.atomic():
        approve_entry(entry=first, actor=second_curator)
        later.start()
        later.join(timeout=0.5)
        assert later.is_alive()  # it waits for our version
    later.join()

    assert finds(known_picture)
    assert finds(unknown_picture)


@pytest.mark.django_db
def test_large_lot_is_searchable_from_a_snapshot_of_its_own(
    ncmec, known_picture, curator, second_curator, monkeypatch
):
    monkeypatch.setattr("matching.curation.lifecycle.REBUILD_AFTER", 1)

    make_active(ncmec, known_picture, by=curator, approver=second_curator)

    assert finds(known_picture)
    assert index().base is not None


@pytest.mark.django_db
def test_snapshot_of_an_earlier_release_is_searched_and_replaced(known_entry, known_picture):
    make_former(build_and_publish(actor=NARRATOR))
    live.unload()

    assert finds(known_picture)
    assert is_rebuild_due()
    build_and_publish(actor=NARRATOR)
    live.unload()
    assert finds(known_picture)
    assert not is_rebuild_due()


def make_former(snapshot: Snapshot) -> None:
    """Write the snapshot's hashes as releases until November 2026 did."""
    directory = index_directory(snapshot)
    hashes = np.fromfile(directory / "hashes", np.uint8)
    remove(directory)
    with publishing(directory, Meta("hamming256", len(hashes) // 32)) as writer:
        writer.write("hashes", [hashes])
        writer.write("ids", [])
        writer.write("offsets", [])


@pytest.mark.django_db
def test_old_files_are_removed(known_entry, settings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(4):
            build_and_publish(actor=NARRATOR)

    kept = {name for one in Snapshot.objects.order_by("-pk")[:2] for name in folders(one)}
    assert {path.name for path in Path(settings.INDEX_DIR).iterdir() if path.is_dir()} == kept


def folders(snapshot: Snapshot) -> list[str]:
    return [index_directory(snapshot).name, digests_directory(snapshot).name]


@pytest.mark.django_db
def test_digests_are_known_from_the_snapshot_and_beside_it(
    known_entry, known_picture, ncmec, unknown_picture, curator, second_curator
):
    build_and_publish(actor=NARRATOR)
    live.unload()
    assert may_list(known_picture)
    assert not may_list(unknown_picture)

    make_active(ncmec, unknown_picture, by=curator, approver=second_curator)

    assert may_list(known_picture)
    assert may_list(unknown_picture)


@pytest.mark.django_db
def test_entry_with_nothing_but_a_digest_is_known(ncmec, curator, second_curator):
    draft = EntryDraft([Signal(SignalType.MD5, bytes(range(16)))])
    entry = add_entry(hash_list=ncmec, draft=draft, actor=curator)
    assert not index().may_list(Digests(md5=bytes(range(16)), sha1=b"", sha256=b""))

    approve_entry(entry=entry, actor=second_curator)

    assert index().may_list(Digests(md5=bytes(range(16)), sha1=b"", sha256=b""))


@pytest.mark.django_db
def test_without_files_of_digests_all_may_be_listed_until_there_are_new_ones(
    known_entry, unknown_picture
):
    remove(digests_directory(build_and_publish(actor=NARRATOR)))
    live.unload()

    assert may_list(unknown_picture)
    assert is_rebuild_due()
    build_and_publish(actor=NARRATOR)
    live.unload()
    assert not may_list(unknown_picture)


@pytest.mark.django_db
def test_snapshot_with_damaged_digests_is_refused_and_named(known_entry):
    damage(digests_directory(build_and_publish(actor=NARRATOR)))
    live.unload()

    with pytest.raises(IndexUnavailable, match="digests"):
        index()
    assert live.damage
