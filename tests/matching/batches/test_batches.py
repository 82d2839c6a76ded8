"""Many items at once: each answered exactly once, in its place, whatever it is."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from matching.models import Batch, Submission
from tenants.models import AuditEvent, UsageDay
from tests.matching.batches.conftest import lines, results, submit, submit_form, zipped

pytestmark = pytest.mark.django_db


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def verdicts(answers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (one["content_id"], one["verdict"] if "verdict" in one else one["error"]["code"])
        for one in answers
    ]


def test_items_of_every_kind_are_answered_in_their_order(
    acme_api, known_entry, known_picture, unknown_picture, work
):
    body = lines(
        {"content_id": "known", "image": in_base64(known_picture)},
        {"content_id": "unknown", "image": in_base64(unknown_picture)},
        {"content_id": "digest", "sha256": hashlib.sha256(known_picture).hexdigest()},
        {"content_id": "text", "image": in_base64(b"no image")},
        {"content_id": "nothing"},
        {"content_id": "bad", "md5": "xyz"},
    )
    accepted = submit(acme_api, body)
    work(accepted.json()["batch_id"])

    assert (accepted.status_code, accepted.json()["total"]) == (202, 6)
    assert verdicts(results(acme_api, accepted.json()["batch_id"])) == [
        ("known", "match"),
        ("unknown", "no_known_match"),
        ("digest", "match"),
        ("text", "unsupported_media_type"),
        ("nothing", "request_invalid"),
        ("bad", "signal_invalid"),
    ]


def test_form_names_its_files(acme_api, known_entry, known_picture, unknown_picture, work):
    batch_id = submit_form(acme_api, ("a.jpg", known_picture), ("b.jpg", unknown_picture)).json()[
        "batch_id"
    ]
    work(batch_id)

    assert verdicts(results(acme_api, batch_id)) == [
        ("a.jpg", "match"),
        ("b.jpg", "no_known_match"),
    ]


def test_zip_names_its_members(acme_api, known_entry, known_picture, unknown_picture, work):
    body = zipped(**{"../../etc/passwd": known_picture, "folder/b.jpg": unknown_picture})
    batch_id = submit(acme_api, body, "application/zip").json()["batch_id"]
    work(batch_id)

    assert verdicts(results(acme_api, batch_id)) == [
        ("../../etc/passwd", "match"),
        ("folder/b.jpg", "no_known_match"),
    ]


def test_zip_is_read_whole_wherever_its_directory_begins(acme_api):
    """The upload lies in sealed chunks of 1 MiB: a directory may stand across two of them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("first", bytes((1 << 20) - 300))
        for number in range(5):
            archive.writestr(f"other-{number}", b"no image")

    assert submit(acme_api, packed.getvalue(), "application/zip").json()["total"] == 6


def test_more_items_than_a_lot_holds_come_back_in_their_order(acme_api, work):
    names = [f"item-{number}" for number in range(1_100)]
    body = lines(*({"content_id": name, "md5": "00" * 16} for name in names))
    batch_id = submit(acme_api, body).json()["batch_id"]
    work(batch_id)

    assert [one["content_id"] for one in results(acme_api, batch_id)] == names


def test_same_content_id_twice_does_no_harm(acme_api, known_entry, known_picture, work):
    item = {"content_id": "twice", "image": in_base64(known_picture)}
    batch_id = submit(acme_api, lines(item, item)).json()["batch_id"]
    work(batch_id)

    assert verdicts(results(acme_api, batch_id)) == [("twice", "match")] * 2


def test_state_tells_how_far_a_batch_is(acme_api, known_entry, known_picture, work):
    body = lines(
        {"content_id": "a", "image": in_base64(known_picture)}, {"content_id": "b", "md5": "no"}
    )
    batch_id = submit(acme_api, body).json()["batch_id"]
    before = acme_api.get(f"/v1/batches/{batch_id}").json()
    work(batch_id)
    after = acme_api.get(f"/v1/batches/{batch_id}").json()

    assert (before["status"], before["done"]) == ("accepted", 0)
    assert {name: after[name] for name in ("status", "total", "done", "matched", "failed")} == {
        "status": "finished",
        "total": 2,
        "done": 2,
        "matched": 1,
        "failed": 1,
    }


def test_results_of_an_unfinished_batch_are_not_given_in_part(acme_api):
    batch_id = submit(acme_api, lines({"content_id": "a", "md5": "00" * 16})).json()["batch_id"]

    assert acme_api.get(f"/v1/batches/{batch_id}/results").status_code == 409


def test_images_wait_encrypted_and_are_gone_with_their_lot(
    acme_api, known_picture, settings, work, django_capture_on_commit_callbacks
):
    batch_id = submit_form(acme_api, ("a.jpg", known_picture)).json()["batch_id"]
    [spooled] = [path for path in Path(settings.SPOOL_DIR).rglob("*") if path.is_file()]

    assert known_picture[:64] not in spooled.read_bytes()
    assert spooled.stat().st_mode & 0o077 == 0
    with django_capture_on_commit_callbacks(execute=True):
        work(batch_id)
    assert list(Path(settings.SPOOL_DIR).rglob("*")) == []
    assert Batch.objects.get(public_id=batch_id).spool_key is None


def test_repeated_call_with_its_idempotency_key_is_the_same_batch(acme_api, known_picture):
    body = lines({"content_id": "a", "image": in_base64(known_picture)})
    answers = [submit(acme_api, body, **{"Idempotency-Key": "once"}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert Batch.objects.count() == 1


def test_repeated_call_leaves_nothing_in_the_spool(acme_api, known_picture, settings):
    body = lines({"content_id": "a", "image": in_base64(known_picture)})
    for _ in range(2):
        submit(acme_api, body, **{"Idempotency-Key": "once"})

    assert len(list(Path(settings.SPOOL_DIR).iterdir())) == 1


def test_other_items_under_the_same_idempotency_key_are_refused(acme_api):
    submit(acme_api, lines({"md5": "00" * 16}), **{"Idempotency-Key": "once"})
    answer = submit(acme_api, lines({"md5": "11" * 16}), **{"Idempotency-Key": "once"})

    assert answer.json()["code"] == "idempotency_mismatch"


def test_looking_for_parts_under_the_same_idempotency_key_is_another_call(acme_api, known_picture):
    body = lines({"content_id": "a", "image": in_base64(known_picture)})
    ask = {"content_type": "application/x-ndjson", "headers": {"Idempotency-Key": "once"}}
    acme_api.post("/v1/batches", body, **ask)

    answer = acme_api.post("/v1/batches?enhance=true", body, **ask)
    assert answer.json()["code"] == "idempotency_mismatch"


def test_perceptual_hashes_need_their_scope(acme_api, acme_hash_api, work):
    body = lines({"content_id": "a", "pdq": "00" * 32})
    without = submit(acme_api, body).json()["batch_id"]
    work(without)

    assert results(acme_api, without)[0]["error"]["code"] == "scope_missing"


def test_results_tell_no_distance_and_no_hash_of_the_list(
    acme_api, known_entry, known_picture, work
):
    batch_id = submit_form(acme_api, ("a", known_picture)).json()["batch_id"]
    work(batch_id)
    [answer] = results(acme_api, batch_id)

    assert set(answer["matches"][0]) <= {
        *("match_id", "list", "source", "violation", "match_type", "confidence")
    }


def test_test_keys_batch_meets_no_live_list(acme_test_api, known_entry, known_picture, work):
    batch_id = submit_form(acme_test_api, ("a", known_picture)).json()["batch_id"]
    work(batch_id)

    assert results(acme_test_api, batch_id)[0]["verdict"] == "no_known_match"


def test_acceptance_lots_and_end_are_audited_and_counted(acme_api, known_picture, work):
    batch_id = submit_form(acme_api, ("a", known_picture), ("b", b"no image")).json()["batch_id"]
    work(batch_id)
    actions = AuditEvent.objects.filter(target=batch_id).values_list("action", flat=True)

    assert sorted(actions) == ["batch.accepted", "batch.finished", "image.checked"]
    assert UsageDay.objects.get().submissions == Submission.objects.count() == 1


@pytest.mark.parametrize("word", ["2", ""])
def test_enhance_that_is_neither_true_nor_false_is_refused(acme_api, word):
    answer = acme_api.post(
        f"/v1/batches?enhance={word}", b'{"md5": "00"}\n', content_type="application/x-ndjson"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
    assert not Batch.objects.exists()
