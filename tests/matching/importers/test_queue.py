"""Imports that a worker carries out: leases, fences, cancellation, files that go away."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from matching.curation import Conflict, FourEyesRequired
from matching.importers import FileMissing, MappingInvalid, files, queue
from matching.importers import run as carrying
from matching.models import HashEntry, HashList, ImportRun
from tenants.acting import SERVICE, acting_as
from tenants.models import AuditEvent
from tests.matching.importers.records import record, signature_file
from tests.matching.lists import make_list, start_list

State = ImportRun.State


@pytest.fixture
def ncmec(db: None) -> HashList:
    return make_list()


@pytest.fixture(autouse=True)
def places(tmp_path: Path, settings: Any) -> Path:
    settings.IMPORT_DIR = tmp_path / "imports"
    settings.IMPORT_MOUNT_DIR = tmp_path / "deliveries"
    settings.IMPORT_MOUNT_DIR.mkdir()
    return settings.IMPORT_MOUNT_DIR


@pytest.fixture
def upload(ncmec: HashList, curator: User) -> Any:
    def accept(*records: Any, **options: Any) -> ImportRun:
        chunks = [signature_file(*records).getvalue()]
        usual = {"file_name": "june.jsonl", "format": "signatures", "actor": curator}
        return queue.accept_upload(chunks=chunks, **({"hash_list": ncmec} | usual | options))

    return accept


def work() -> ImportRun:
    run = queue.claim()
    assert run is not None
    queue.carry_out(run)
    return run


def uploaded() -> list[Path]:
    return list(files.folder().iterdir())


def test_an_uploaded_file_is_readable_by_the_service_alone(upload):
    upload(record(1))
    [path] = uploaded()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_first_turn_only_compares_and_the_second_imports(upload, curator):
    run = upload(record(1), record(2), "nonsense")
    checked = work()
    assert (checked.state, checked.added, checked.refused) == (State.CHECKED, 2, 1)
    assert [row["fate"] for row in checked.preview] == ["added", "added", "refused"]
    assert not HashEntry.objects.exists()
    assert len(uploaded()) == 1

    queue.proceed(run=run, actor=curator)
    finished = work()
    assert (finished.state, finished.added) == (State.FINISHED, 2)
    assert HashEntry.objects.filter(import_run=run).count() == 2
    assert uploaded() == []


def test_a_second_person_approves_all_entries_of_an_import(upload, curator, second_curator):
    run = upload(record(1), record(2))
    work()
    queue.proceed(run=run, actor=curator)
    work()
    with pytest.raises(FourEyesRequired):
        queue.approve_run(run=run, actor=curator)
    assert queue.approve_run(run=run, actor=second_curator, reason="read it") == 2
    assert set(HashEntry.objects.values_list("state", flat=True)) == {"active"}
    [event] = AuditEvent.objects.filter(action="import.approved")
    assert (event.actor_id, event.data["approved"]) == ("second curator", 2)
    with pytest.raises(Conflict, match="approved before"):
        queue.approve_run(run=run, actor=second_curator)


def test_approved_import_of_a_draft_waits_for_the_list(upload, curator, second_curator):
    draft = make_list("draft", state="draft")
    run = upload(record(1), hash_list=draft)
    work()
    queue.proceed(run=run, actor=curator)
    work()
    queue.approve_run(run=run, actor=second_curator)

    draft.refresh_from_db()
    assert draft.state == "draft"
    assert not HashEntry.objects.in_force("live").exists()
    start_list(draft, "active")
    assert HashEntry.objects.in_force("live").count() == 1


def test_what_was_only_compared_can_not_be_approved(upload, second_curator):
    run = upload(record(1))
    work()
    with pytest.raises(Conflict, match="is checked"):
        queue.approve_run(run=run, actor=second_curator)


def test_a_run_under_way_is_claimed_by_nobody_else(upload):
    upload(record(1))
    assert queue.claim() is not None
    assert queue.claim() is None


def test_a_dead_workers_run_is_taken_up_and_the_dead_one_can_not_come_back(upload, curator):
    run = upload(record(1))
    work()
    queue.proceed(run=run, actor=curator)
    dead = queue.claim()
    ImportRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    successor = work()
    assert successor.state == State.FINISHED
    with pytest.raises(carrying.RunLost):
        carrying.hold_run(dead)
    assert HashEntry.objects.count() == 1


def test_a_cancelled_run_takes_no_effect_even_when_it_was_read_already(upload, curator):
    run = upload(record(1))
    work()
    queue.proceed(run=run, actor=curator)
    claimed = queue.claim()
    queue.cancel(run=run, actor=curator)
    with pytest.raises(carrying.RunLost):
        carrying.hold_run(claimed)
    assert run.state == State.CANCELLED
    assert uploaded() == []
    assert queue.claim() is None


def test_what_has_ended_can_not_be_cancelled(upload, curator):
    run = upload(record(1))
    work()
    queue.cancel(run=run, actor=curator)
    with pytest.raises(Conflict, match="is cancelled"):
        queue.cancel(run=run, actor=curator)
    with pytest.raises(Conflict, match="is cancelled"):
        queue.proceed(run=run, actor=curator)


def test_a_broken_file_fails_with_its_place_and_is_deleted(upload):
    upload(record(1), format="stopncii")
    run = work()
    assert run.state == State.FAILED
    assert run.error.startswith("the page has no 'hashRecords'")
    assert uploaded() == []


def test_a_file_that_went_away_fails_its_run(upload):
    run = upload(record(1))
    Path(run.path).unlink()
    assert "the file can not be read" in work().error


def test_a_mounted_file_is_offered_used_and_left_where_it_is(ncmec, curator, places):
    (places / "july.jsonl").write_bytes(signature_file(record(1)).getvalue())
    assert files.mounted() == ["july.jsonl"]
    queue.accept_mounted(name="july.jsonl", hash_list=ncmec, format="signatures", actor=curator)
    run = work()
    queue.cancel(run=run, actor=curator)
    assert (places / "july.jsonl").exists()


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "missing", ""])
def test_no_name_leads_out_of_the_mounted_folder(ncmec, curator, places, name):
    (places.parent / "secret").write_text("x")
    with pytest.raises(FileMissing):
        queue.accept_mounted(name=name, hash_list=ncmec, format="signatures", actor=curator)


def test_a_link_out_of_the_mounted_folder_is_not_followed(ncmec, curator, places):
    (places / "link").symlink_to("/etc/passwd")
    assert files.mounted() == []
    with pytest.raises(FileMissing):
        queue.accept_mounted(name="link", hash_list=ncmec, format="signatures", actor=curator)


def test_a_bad_mapping_keeps_no_file(upload):
    with pytest.raises(MappingInvalid):
        upload(record(1), format="vics")
    assert uploaded() == []
    assert not ImportRun.objects.exists()


def test_the_sweeper_ends_what_nobody_came_back_to(upload):
    upload(record(1))
    run = work()
    ImportRun.objects.update(created_at=timezone.now() - timedelta(days=8))
    queue.sweep()
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_orphaned_uploads_are_deleted_and_wanted_ones_stay(upload, monkeypatch):
    upload(record(1))
    orphan = files.keep([b"x"])
    monkeypatch.setattr(files, "UPLOAD_SECONDS", -1)
    queue.sweep()
    assert not orphan.exists()
    assert len(uploaded()) == 1


def elsewhere(act: Callable[[], object]) -> None:
    """On a connection of its own, as another process would."""

    def acted() -> None:
        try:
            with acting_as(SERVICE):
                act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(acted).result()


@pytest.mark.django_db(transaction=True)
def test_progress_shows_and_cancelling_stops_while_the_import_reads(upload, curator, monkeypatch):
    """The reader waits in its second lot until the heartbeat was seen and the run is cancelled."""
    monkeypatch.setattr(queue, "RENEWED_AFTER_SECONDS", 0.01)
    monkeypatch.setattr("matching.importers.reading.LOT", 1)
    run = upload(*(record(number) for number in range(40)))
    claimed = queue.claim()
    seen = []
    tell = queue._Heartbeat.tell

    def watched(self: Any, done: int) -> None:
        tell(self, done)
        if not seen:
            while not ImportRun.objects.get(pk=run.pk).bytes_read:
                self._ended.wait(0.01)
            seen.append(ImportRun.objects.get(pk=run.pk).bytes_read)
            elsewhere(lambda: queue.cancel(run=run, actor=curator))
            while not self._lost:
                self._ended.wait(0.01)

    monkeypatch.setattr(queue._Heartbeat, "tell", watched)
    queue.carry_out(claimed)
    assert seen[0] > 0
    assert ImportRun.objects.get().state == State.CANCELLED
    assert not HashEntry.objects.exists()
