"""Workers that die, come late or find nothing: no item is lost, none is answered twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from matching import spool
from matching.batches import leases, sweep, work
from matching.models import Batch, BatchLot, Submission
from matching.snapshot import IndexUnavailable
from tenants.acting import SERVICE, acting_as
from tests.matching.batches.conftest import lines, results, submit, submit_form

pytestmark = pytest.mark.django_db
ITEM = {"content_id": "a", "md5": "00" * 16}


@pytest.fixture
def for_the_service() -> Iterator[None]:
    with acting_as(SERVICE):
        yield


@pytest.fixture
def batch(acme_api, for_the_service: None) -> Batch:
    batch_id = submit(acme_api, lines(ITEM)).json()["batch_id"]
    return Batch.objects.get(public_id=batch_id)


def test_leased_lot_is_taken_by_nobody_else(batch):
    assert leases.take(batch) is not None
    assert leases.take(batch) is None


def test_lot_of_a_killed_worker_is_taken_when_its_lease_ends(batch):
    leases.take(batch)
    BatchLot.objects.update(lease_until=Now() - timedelta(seconds=1))

    assert leases.take(batch) is not None


def test_worker_that_lost_its_lease_writes_nothing(batch, acme_api, monkeypatch):
    def taken_over(lot, *rest):
        BatchLot.objects.filter(pk=lot.pk).update(lease_until=None)
        leases.take(batch)
        return [leases_item]

    leases_item = {"name": "late", "text": ""}
    monkeypatch.setattr(work, "asked_of", taken_over)
    work.work_on(batch=batch, seconds=5)

    assert not BatchLot.objects.filter(done_at__isnull=False).exists()
    assert not Submission.objects.exists()


def test_lease_is_renewed_while_a_long_lot_is_worked_on(batch, monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.0)
    lot = leases.take(batch)
    BatchLot.objects.update(lease_until=Now())
    leases.Heart(lot).beat()

    assert leases.take(batch) is None


def test_worker_whose_lot_was_taken_over_learns_it_by_its_next_heartbeat(batch, monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.0)
    lot = leases.take(batch)
    BatchLot.objects.update(lease_until=Now() - timedelta(seconds=1))
    leases.take(batch)

    with pytest.raises(leases.LeaseLost):
        leases.Heart(lot).beat()


def test_missing_index_makes_a_batch_wait_and_answers_nothing(
    batch, acme_api, monkeypatch, work: object
):
    def missing(**asked):
        raise IndexUnavailable

    with monkeypatch.context() as patch:
        patch.setattr("matching.batches.work.match_several", missing)
        work(batch.public_id)
        assert acme_api.get(f"/v1/batches/{batch.public_id}").json()["done"] == 0
    work(batch.public_id)

    assert results(acme_api, batch.public_id)[0]["verdict"] == "no_known_match"


def test_item_that_ends_its_workers_fails_in_the_end(batch, acme_api, work):
    BatchLot.objects.update(attempts=99)
    work(batch.public_id)

    assert results(acme_api, batch.public_id)[0]["error"]["code"] == "item_lost"


def test_lost_image_is_an_error_and_no_negative(acme_api, known_picture, work):
    batch_id = submit_form(acme_api, ("a", known_picture)).json()["batch_id"]
    spool.forget(batch_id)
    work(batch_id)

    assert results(acme_api, batch_id)[0]["error"]["code"] == "item_lost"


def test_altered_image_is_an_error_and_no_negative(acme_api, known_picture, settings, work):
    batch_id = submit_form(acme_api, ("a", known_picture)).json()["batch_id"]
    path = settings.SPOOL_DIR / batch_id / "0"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    work(batch_id)

    assert results(acme_api, batch_id)[0]["error"]["code"] == "item_lost"


def test_sweeper_finds_what_nobody_works_on(batch):
    assert sweep() == [batch.public_id]


def test_sweeper_leaves_alone_what_is_worked_on(batch):
    leases.take(batch)

    assert sweep() == []


def test_sweeper_ends_a_batch_whose_worker_died_before_the_end(batch, monkeypatch, work):
    with monkeypatch.context() as patch:
        patch.setattr("matching.batches.work.end", lambda _: False)
        work(batch.public_id)
    sweep()

    batch.refresh_from_db()
    assert batch.finished_at is not None


def test_sweeper_removes_images_after_a_day(batch, settings, known_picture):
    spool.write_lot(name="bat_old", key=bytes(32), number=0, images=[known_picture])

    assert spool.sweep(older_than_seconds=3600) == []
    assert spool.sweep(older_than_seconds=-1) == ["bat_old"]
    assert not (settings.SPOOL_DIR / "bat_old").exists()


def test_batch_ends_once(batch, work):
    work(batch.public_id)
    first = Batch.objects.get(pk=batch.pk).finished_at
    work(batch.public_id)

    assert Batch.objects.get(pk=batch.pk).finished_at == first
