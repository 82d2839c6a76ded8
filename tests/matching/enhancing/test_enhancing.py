"""`enhance=async`: the answer first, parts afterwards, and nothing lost or kept in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from matching import enhancing, leases, spool
from matching.enhancing import sweeping
from matching.index.local import Band
from matching.index.local import search as local_search
from matching.match import submit
from matching.match.verdict import NotCheckedReason
from matching.models import Match, ReviewItem, Submission, WaitingImage
from matching.snapshot import IndexUnavailable
from tenants.acting import SERVICE, acting_as
from tenants.models import AuditEvent, UsageDay, WebhookDelivery, WebhookEndpoint
from tests.matching.partial.entries import make_partial, part, whole

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = 5, 6
TRIES = 4
Work = Callable[[], None]


@pytest.fixture(autouse=True)
def spool_of_its_own(settings: Any, tmp_path: Path) -> Path:
    settings.SPOOL_DIR = tmp_path / "spool"
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
def no_doorbell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are the queue: tests work them off themselves."""
    monkeypatch.setattr("matching.api.match.ring_for_waiting_images", lambda: None)


@pytest.fixture
def for_the_service() -> Iterator[None]:
    with acting_as(SERVICE):
        yield


@pytest.fixture
def entry(ncmec, curator, second_curator):
    return make_partial(ncmec, KNOWN, by=curator, approver=second_curator)


@pytest.fixture
def work() -> Work:
    """Do what workers do, also when a decoder did not start in time on a busy machine."""

    def work() -> None:
        with acting_as(SERVICE):
            for _ in range(TRIES):
                enhancing.work_off(seconds=60)
                WaitingImage.objects.update(lease_until=None)

    return work


def ask(client: Any, data: bytes, enhance: str = "async") -> Any:
    return client.post(f"/v1/match?enhance={enhance}", data, content_type="image/jpeg").json()


def read(client: Any, answer: Any) -> Any:
    return client.get(f"/v1/submissions/{answer['submission_id']}").json()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_first_answer_says_which_stage_has_yet_to_run(acme_api, entry):
    answer = ask(acme_api, part(KNOWN))

    assert (answer["verdict"], answer["matches"]) == ("no_known_match", [])
    assert (answer["checked"], answer["pending"]) == (["exact", "near"], ["partial"])
    assert read(acme_api, answer)["pending"] == ["partial"]


def test_part_is_found_afterwards(acme_api, entry, work):
    answer = ask(acme_api, part(KNOWN))
    work()

    since = read(acme_api, answer)
    assert (since["verdict"], since["pending"]) == ("match", [])
    assert since["checked"] == ["exact", "near", "partial"]
    assert [(m["match_type"], m["confidence"]) for m in since["matches"]] == [("partial", "accept")]


def test_picture_that_shows_nothing_known_is_a_full_negative_only_then(acme_api, entry, work):
    answer = ask(acme_api, part(UNKNOWN))
    work()

    since = read(acme_api, answer)
    assert (since["verdict"], since["pending"]) == ("no_known_match", [])
    assert since["checked"] == ["exact", "near", "partial"]


def test_match_of_the_first_answer_stands_and_is_not_told_twice(acme_api, entry, work):
    answer = ask(acme_api, whole(KNOWN))
    work()

    since = read(acme_api, answer)
    assert answer["verdict"] == since["verdict"] == "match"
    assert answer["matches"] == since["matches"]
    assert Match.objects.count() == 1


def test_receipt_covers_what_was_checked_when_it_was_given(acme_api, entry, work):
    answer = ask(acme_api, part(KNOWN))
    work()

    assert "partial" not in receipt(answer)["checked"]
    assert receipt(read(acme_api, answer))["checked"] == ["exact", "near", "partial"]
    assert receipt(read(acme_api, answer))["at"] > receipt(answer)["at"]


def receipt(answer: Any) -> Any:
    payload = answer["receipt"].partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_tenant_can_have_it_by_default(acme, acme_api, entry):
    acme.tenant.enhance_by_default = "async"
    acme.tenant.save()

    answer = acme_api.post("/v1/match", part(KNOWN), content_type="image/jpeg").json()
    assert answer["pending"] == ["partial"]
    assert ask(acme_api, part(KNOWN), "false")["pending"] == []


def test_json_can_ask_for_it(acme_api, entry):
    body = {"image": base64.b64encode(part(KNOWN)).decode(), "enhance": "async"}
    answer = acme_api.post("/v1/match", json.dumps(body), content_type="application/json")

    assert answer.json()["pending"] == ["partial"]


def test_bytes_wait_encrypted_and_go_with_their_row(acme_api, entry, spool_of_its_own, work):
    ask(acme_api, part(KNOWN))
    [waiting] = files(spool_of_its_own)
    assert part(KNOWN)[100:200] not in waiting.read_bytes()
    assert waiting.stat().st_mode & 0o077 == 0
    work()

    assert not list(spool_of_its_own.iterdir())
    assert not WaitingImage.objects.exists()


def test_bytes_do_not_stay_when_the_answer_is_not_committed(
    acme_api, entry, spool_of_its_own, monkeypatch
):
    def broken(**given):
        raise IndexUnavailable

    monkeypatch.setattr(submit, "record", broken)
    acme_api.post("/v1/match?enhance=async", part(KNOWN), content_type="image/jpeg")

    assert not list(spool_of_its_own.iterdir())


def test_what_was_found_is_told_by_webhook(acme, acme_api, entry, work):
    WebhookEndpoint.objects.create(
        tenant=acme.tenant,
        environment="live",
        url="https://acme.example/hook",
        events=["match.found", "enhance.finished"],
    )
    answer = ask(acme_api, part(KNOWN))
    assert not WebhookDelivery.objects.exists()
    work()

    told = {d.event: json.loads(d.body)["data"] for d in WebhookDelivery.objects.all()}
    assert set(told) == {"match.found", "enhance.finished"}
    assert told["match.found"]["submission_id"] == answer["submission_id"]
    assert told["enhance.finished"]["verdict"] == "match"


def test_what_was_found_is_recorded_and_counted_once(acme, acme_api, entry, work):
    answer = ask(acme_api, part(KNOWN))
    work()
    work()

    event = AuditEvent.objects.get(action="image.enhanced", tenant=acme.tenant)
    assert (event.target, event.data["verdict"]) == (answer["submission_id"], "match")
    day = UsageDay.objects.filter(tenant=acme.tenant)
    assert sum(one.matches_partial for one in day) == sum(one.matches for one in day) == 1
    assert sum(one.submissions for one in day) == 1


def test_doubtful_part_is_put_before_the_curators(acme_api, entry, work, monkeypatch):
    monkeypatch.setattr(local_search, "decide", lambda _: Band.REVIEW)
    answer = ask(acme_api, part(KNOWN))
    work()

    since = read(acme_api, answer)
    assert (since["verdict"], since["not_checked_reason"]) == ("not_checked", "needs_review")
    assert ReviewItem.objects.get().entry == entry


def test_lost_bytes_are_no_negative(acme_api, entry, work):
    answer = ask(acme_api, part(KNOWN))
    spool.forget(answer["submission_id"])
    work()

    since = read(acme_api, answer)
    assert (since["verdict"], since["not_checked_reason"]) == (
        "not_checked",
        NotCheckedReason.PARTS_NOT_SOUGHT,
    )
    assert "partial" not in since["checked"]


def test_image_that_ends_its_workers_is_no_negative(acme_api, entry, work):
    answer = ask(acme_api, part(KNOWN))
    WaitingImage.objects.update(attempts=99)
    work()

    assert read(acme_api, answer)["not_checked_reason"] == NotCheckedReason.PARTS_NOT_SOUGHT
    assert not WaitingImage.objects.exists()


def test_missing_index_makes_an_image_wait(acme_api, entry, work, monkeypatch):
    answer = ask(acme_api, part(KNOWN))

    def missing(*asked, **given):
        raise IndexUnavailable

    with monkeypatch.context() as patch:
        patch.setattr("matching.enhancing.work.judge", missing)
        with acting_as(SERVICE):
            assert not enhancing.work_off(seconds=60)
    assert read(acme_api, answer)["pending"] == ["partial"]
    WaitingImage.objects.update(lease_until=None)
    work()

    assert read(acme_api, answer)["verdict"] == "match"


def test_image_of_a_killed_worker_is_taken_when_its_lease_ends(
    acme_api, entry, for_the_service, work
):
    answer = ask(acme_api, part(KNOWN))
    assert leases.take(WaitingImage) is not None
    assert leases.take(WaitingImage) is None
    WaitingImage.objects.update(lease_until=Now() - timedelta(seconds=1))
    work()

    assert read(acme_api, answer)["verdict"] == "match"


def test_worker_that_lost_its_lease_writes_nothing(acme_api, entry, work, monkeypatch):
    answer = ask(acme_api, part(KNOWN))
    judged = enhancing.work._judged

    def taken_over(waiting, key):
        WaitingImage.objects.update(fence=None)
        return judged(waiting, key)

    monkeypatch.setattr("matching.enhancing.work._judged", taken_over)
    work()

    assert read(acme_api, answer)["pending"] == ["partial"]
    assert not Match.objects.exists()
    assert not AuditEvent.objects.filter(action="image.enhanced").exists()


def test_sweeper_removes_what_no_row_stands_for(
    acme_api, entry, for_the_service, spool_of_its_own, monkeypatch
):
    monkeypatch.setattr(sweeping, "ABANDONED_AFTER_SECONDS", -1)
    answer = ask(acme_api, part(KNOWN))
    spool.write_lot(name="sub_never_committed", key=bytes(32), number=0, images=[b"image"])

    assert enhancing.sweep()
    assert [folder.name for folder in spool_of_its_own.iterdir()] == [answer["submission_id"]]


def test_nothing_waits_when_nothing_was_asked(acme_api, entry, for_the_service):
    ask(acme_api, part(KNOWN), "true")

    assert not enhancing.sweep()
    assert not Submission.objects.filter(awaits_parts=True).exists()
