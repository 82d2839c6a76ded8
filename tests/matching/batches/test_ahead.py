"""The next lot is hashed while one is committed: no trouble of the one is trouble of the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models.functions import Now

from matching import spool
from matching.batches import LeaseLost, asking, drafts, hashing, leases
from matching.batches import work as work_module
from matching.batches.hashing import Hashing, Picture
from matching.fetching import FetcherBusy
from matching.models import Batch, BatchLot, Submission
from tenants.acting import SERVICE, acting_as
from tenants.models import AuditEvent
from tests.matching.batches.conftest import Work, lines, results, submit, submit_form

pytestmark = pytest.mark.django_db


class WorkerEnds(BaseException):
    """What takes a worker out of the middle of its work, as a signal does."""


@pytest.fixture(autouse=True)
def one_image_a_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "IMAGES_A_LOT", 1)


@pytest.fixture(autouse=True)
def for_the_service() -> Iterator[None]:
    with acting_as(SERVICE):
        yield


def batch_of(acme_api: Any, *images: bytes) -> Batch:
    files = ((f"item {place}", image) for place, image in enumerate(images))
    return Batch.objects.get(public_id=submit_form(acme_api, *files).json()["batch_id"])


def numbers(**wanted: Any) -> list[int]:
    lots = BatchLot.objects.filter(**wanted).order_by("number")
    return list(lots.values_list("number", flat=True))


def verdicts(acme_api: Any, batch: Batch) -> list[str]:
    answers = results(acme_api, batch.public_id)
    return [one["verdict"] if "verdict" in one else one["error"]["code"] for one in answers]


def test_next_lot_is_held_while_one_is_committed(
    acme_api, unknown_picture, monkeypatch, work: Work
):
    batch = batch_of(acme_api, *[unknown_picture] * 3)
    held = []
    finish = leases.finish

    def finishing(lot: BatchLot) -> None:
        held.append(numbers(lease_until__gte=Now()))
        finish(lot)

    monkeypatch.setattr(leases, "finish", finishing)
    work(batch.public_id)

    assert held == [[0, 1], [1, 2], [2]]


def test_item_that_fails_ahead_fails_alone(acme_api, known_entry, known_picture, work: Work):
    batch = batch_of(acme_api, known_picture, b"no image", known_picture)
    work(batch.public_id)

    assert verdicts(acme_api, batch) == ["match", "unsupported_media_type", "match"]


def test_image_lost_ahead_is_an_error_of_its_own(acme_api, known_entry, known_picture, work: Work):
    batch = batch_of(acme_api, *[known_picture] * 3)
    spool.remove_lot(name=batch.public_id, number=1)
    work(batch.public_id)

    assert verdicts(acme_api, batch) == ["match", "item_lost", "match"]


def test_lease_lost_during_the_commit_leaves_the_lot_to_its_new_holder(
    acme_api, unknown_picture, monkeypatch, work: Work
):
    batch = batch_of(acme_api, *[unknown_picture] * 3)
    finish = leases.finish

    def taken_over(lot: BatchLot) -> None:
        if lot.number == 1:
            BatchLot.objects.filter(number=1).update(lease_until=None)
            assert leases.take(batch).number == 1
        finish(lot)

    with monkeypatch.context() as patch:
        patch.setattr(leases, "finish", taken_over)
        work(batch.public_id)

        assert numbers(done_at=None) == [1]
        assert Submission.objects.count() == 2
    BatchLot.objects.filter(number=1).update(lease_until=None)
    work(batch.public_id)

    assert verdicts(acme_api, batch) == ["no_known_match"] * 3
    assert Submission.objects.count() == 3


def test_worker_keeps_the_lot_ahead_while_it_is_busy_with_another(
    acme_api, unknown_picture, monkeypatch
):
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.0)
    batch = batch_of(acme_api, *[unknown_picture] * 2)
    first, ahead = leases.take(batch), leases.take(batch)
    hearts = leases.Hearts()
    hearts.begin(first)
    hearts.begin(ahead)
    BatchLot.objects.update(lease_until=Now())
    hearts.beat(first)

    assert leases.take(batch) is None


def test_loss_of_the_lot_ahead_is_told_when_its_turn_comes(acme_api, unknown_picture, monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.0)
    batch = batch_of(acme_api, *[unknown_picture] * 2)
    first, ahead = leases.take(batch), leases.take(batch)
    hearts = leases.Hearts()
    hearts.begin(first)
    hearts.begin(ahead)
    BatchLot.objects.filter(pk=ahead.pk).update(lease_until=None)
    leases.take(batch)

    hearts.beat(first)
    with pytest.raises(LeaseLost):
        hearts.beat(ahead)


def test_lot_that_has_to_wait_gives_back_the_one_ahead(
    acme_api, unknown_picture, monkeypatch, work: Work
):
    batch = batch_of(acme_api, *[unknown_picture] * 3)

    def missing(**asked: Any) -> None:
        raise work_module.IndexUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(work_module, "match_several", missing)
        work(batch.public_id)

    assert numbers(lease_until=None, attempts=0, done_at=None) == [0, 1, 2]
    work(batch.public_id)
    assert verdicts(acme_api, batch) == ["no_known_match"] * 3


def test_lot_ahead_that_has_to_wait_does_not_hold_up_the_one_before(
    acme_api, monkeypatch, work: Work
):
    monkeypatch.setattr(drafts, "URLS_A_LOT", 1)
    busy = chain([False], repeat(True))

    def fetched(**asked: Any) -> bytes:
        if next(busy):
            raise FetcherBusy
        return b"no image"

    monkeypatch.setattr(asking, "fetch_image", fetched)
    body = lines(*[{"url": "https://pictures.example/a.jpg"}] * 3)
    work(submit(acme_api, body).json()["batch_id"])

    assert numbers(done_at__isnull=False) == [0]
    assert numbers(lease_until=None, attempts=0, done_at=None) == [1, 2]


def test_worker_ended_in_the_middle_leaves_nothing_half_done(
    acme_api, known_entry, known_picture, monkeypatch, work: Work, settings
):
    batch = batch_of(acme_api, *[known_picture] * 3)
    finish = leases.finish

    def ending(lot: BatchLot) -> None:
        finish(lot)
        if lot.number == 1:
            raise WorkerEnds

    with monkeypatch.context() as patch:
        patch.setattr(leases, "finish", ending)
        with pytest.raises(WorkerEnds):
            work(batch.public_id)

    assert (numbers(done_at__isnull=False), Submission.objects.count()) == ([0], 1)
    assert AuditEvent.objects.filter(target=batch.public_id, action="image.matched").count() == 1
    spooled = [path.name for path in Path(settings.SPOOL_DIR).rglob("*") if path.is_file()]
    assert sorted(spooled) == ["1", "2"]
    BatchLot.objects.filter(done_at=None).update(lease_until=None)
    work(batch.public_id)
    assert verdicts(acme_api, batch) == ["match"] * 3
    assert Submission.objects.count() == 3


def test_turn_that_is_over_finishes_what_it_began(acme_api, unknown_picture, monkeypatch):
    batch = batch_of(acme_api, *[unknown_picture] * 3)
    moments = iter([0.0, 0.0, 9.0])  # it begins, takes a lot, and is over
    monkeypatch.setattr(work_module, "time", SimpleNamespace(monotonic=moments.__next__))

    assert work_module.work_on(batch=batch, seconds=5) is True
    assert numbers(done_at__isnull=False) == [0]
    assert numbers(attempts=0) == [1, 2]


def test_no_more_bytes_wait_than_may(monkeypatch):
    """Two images of 6 bytes are more than 10: the third part waits until the first is through."""
    monkeypatch.setattr(hashing, "MOST_BYTES", 10)
    under_way, through = [], threading.Event()

    def slow(one: Picture, *, enhance: bool) -> dict[str, str]:
        under_way.append(one.content_id)
        through.wait(30)
        return {"name": one.content_id, "text": ""}

    monkeypatch.setattr(hashing, "_hashed", slow)
    asked = []

    def meanwhile() -> None:
        asked.append(list(under_way))
        through.set()

    monkeypatch.setattr(hashing, "HEARTBEAT_SECONDS", 0.01)
    with Hashing(enhance=False) as pool:
        first = pool.begin(Picture("a", bytes(6)), meanwhile=meanwhile)
        assert asked == []
        pool.begin(Picture("b", bytes(6)), meanwhile=meanwhile)
        assert first.done()
        assert asked[0] == ["a"]
