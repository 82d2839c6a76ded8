"""`POST /v1/match` through the real routes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from PIL import Image

from matching.curation import (
    add_entry,
    approve_decision,
    propose_threshold,
    retire_entry,
    suspend_entry,
    suspend_list,
)
from matching.models import ListsVersion, Match, Snapshot, Submission
from matching.snapshot import live
from tenants.models import AuditEvent, UsageDay, WebhookDelivery, WebhookEndpoint
from tests.matching.lists import draft_of, make_active, make_list, publishers
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db


def post(client: Any, data: bytes, **extra: Any) -> Any:
    return client.post("/v1/match", data, content_type="image/jpeg", **extra)


def test_known_bytes_are_an_exact_match(acme_api, known_entry, known_picture):
    answer = post(acme_api, known_picture).json()

    assert answer["verdict"] == "match"
    [match] = answer["matches"]
    assert match["match_id"].startswith("mat_")
    assert {**match, "match_id": ""} == {
        "match_id": "",
        "list": "ncmec",
        "source": "NCMEC",
        "violation": "A1",
        "match_type": "exact",
    }


def test_recompressed_picture_is_a_near_match(acme_api, known_entry):
    answer = post(acme_api, as_bytes(render_picture(1), "JPEG", quality=40)).json()

    assert [match["match_type"] for match in answer["matches"]] == ["near"]


def test_mirrored_picture_is_a_near_match(acme_api, known_entry):
    mirrored = render_picture(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    assert post(acme_api, as_bytes(mirrored, "PNG")).json()["matches"][0]["match_type"] == "near"


def test_unknown_picture_is_no_known_match(acme_api, known_entry, unknown_picture):
    answer = post(acme_api, unknown_picture).json()

    assert (answer["verdict"], answer["matches"]) == ("no_known_match", [])
    assert answer["checked"] == ["exact", "near"]


def test_flat_picture_is_not_checked(acme_api, known_entry):
    answer = post(acme_api, as_bytes(Image.new("RGB", (400, 300), "gray"), "PNG")).json()

    assert (answer["verdict"], answer["not_checked_reason"]) == ("not_checked", "quality_too_low")
    assert answer["checked"] == ["exact"]


def test_flat_picture_on_a_list_still_matches_exactly(acme_api, ncmec, curator, second_curator):
    flat = as_bytes(Image.new("RGB", (400, 300), "gray"), "PNG")
    make_active(ncmec, flat, by=curator, approver=second_curator)

    assert post(acme_api, flat).json()["verdict"] == "match"


@pytest.mark.parametrize("how", ["raw", "raw without a type", "multipart", "base64"])
def test_every_form_of_body_is_understood(acme_api, known_entry, known_picture, tmp_path, how):
    if how == "multipart":
        path = tmp_path / "upload.jpg"
        path.write_bytes(known_picture)
        with path.open("rb") as file:
            answer = acme_api.post("/v1/match", {"image": file, "content_id": "mine"})
    elif how == "base64":
        body = {"image": base64.b64encode(known_picture).decode(), "content_id": "mine"}
        answer = acme_api.post("/v1/match", json.dumps(body), content_type="application/json")
    else:
        content_type = "image/jpeg" if how == "raw" else "application/x-www-form-urlencoded"
        answer = acme_api.post(
            "/v1/match?content_id=mine", known_picture, content_type=content_type
        )

    assert (answer.json()["verdict"], answer.json()["content_id"]) == ("match", "mine")


def test_one_object_for_each_list_and_violation(
    acme_api, ncmec, known_entry, known_picture, curator, second_curator
):
    other = make_list("iwf", violation="B1")
    make_active(other, known_picture, by=curator, approver=second_curator)
    copy = as_bytes(render_picture(1), "JPEG", quality=50)
    make_active(ncmec, copy, by=curator, approver=second_curator)

    answer = post(acme_api, known_picture).json()

    assert [(m["list"], m["match_type"]) for m in answer["matches"]] == [
        ("ncmec", "exact"),
        ("iwf", "exact"),
    ]


def test_pending_entry_does_not_match(acme_api, ncmec, known_picture, curator):
    add_entry(hash_list=ncmec, draft=draft_of(known_picture), actor=curator)

    assert post(acme_api, known_picture).json()["verdict"] == "no_known_match"


def test_retired_entry_does_not_match_in_the_next_request(
    acme_api, known_entry, known_picture, curator
):
    assert post(acme_api, known_picture).json()["verdict"] == "match"
    retire_entry(entry=known_entry, actor=curator, reason="wrong picture")

    assert post(acme_api, known_picture).json()["verdict"] == "no_known_match"


def test_suspended_entry_does_not_match(acme_api, known_entry, known_picture, curator):
    suspend_entry(entry=known_entry, actor=curator, reason="under review")

    assert post(acme_api, known_picture).json()["verdict"] == "no_known_match"


def test_suspended_list_does_not_match(acme_api, ncmec, known_entry, known_picture, curator):
    suspend_list(hash_list=ncmec, actor=curator, reason="bad delivery")

    assert post(acme_api, known_picture).json()["verdict"] == "no_known_match"


def test_test_key_sees_no_live_list(acme_test_api, known_entry, known_picture):
    assert post(acme_test_api, known_picture).json()["verdict"] == "no_known_match"


def test_threshold_of_the_list_is_kept(acme_api, ncmec, known_entry):
    decision = propose_threshold(
        hash_list=ncmec, pdq_threshold=0, actor=publishers()[0], reason="too wide"
    )
    approve_decision(decision=decision, actor=publishers()[1])
    altered = as_bytes(render_picture(1).resize((320, 240)), "JPEG", quality=20)

    assert post(acme_api, altered).json()["verdict"] == "no_known_match"


def test_missing_snapshot_answers_503_and_never_no_match(acme_api, unknown_picture):
    snapshot = Snapshot.objects.create(version=0, directory="v0-lost", hashes=0)
    ListsVersion.objects.update(snapshot=snapshot)
    live.unload()

    response = post(acme_api, unknown_picture)

    assert (response.status_code, response.json()["code"]) == (503, "index_unavailable")
    assert response["Retry-After"]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"just some text", 415, "unsupported_media_type"),
        (b"", 400, "request_invalid"),
        ("truncated", 422, "image_undecodable"),
        ("small", 422, "image_too_small"),
    ],
)
def test_bad_images_get_their_code(acme_api, known_picture, body, status, code):
    made = {
        "truncated": known_picture[:2000],
        "small": as_bytes(Image.new("RGB", (20, 20)), "PNG"),
    }
    response = post(acme_api, made.get(body, body))

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_submission_matches_and_audit_commit_together(acme_api, known_entry, known_picture):
    answer = post(acme_api, known_picture).json()

    submission = Submission.objects.get(public_id=answer["submission_id"])
    event = AuditEvent.objects.get(action="image.matched")
    assert Match.objects.get().submission == submission
    assert (event.target, event.tenant) == (submission.public_id, submission.tenant)
    assert sum(UsageDay.objects.values_list("matches_exact", flat=True)) == 1


def test_every_answer_has_exactly_one_audit_event(acme_api, known_entry, known_picture):
    before = AuditEvent.objects.count()
    post(acme_api, known_picture)
    post(acme_api, b"no image")
    acme_api.get("/v1/submissions/sub_unknown")
    acme_api.get("/v1/key")

    assert AuditEvent.objects.count() == before + 4


def test_nothing_in_the_answer_tells_how_near_it_was(acme_api, known_entry, known_picture):
    near = post(acme_api, as_bytes(render_picture(1), "JPEG", quality=60)).json()
    nearer = post(acme_api, as_bytes(render_picture(1), "JPEG", quality=91)).json()

    def shape(answer: dict[str, Any]) -> dict[str, Any]:
        match = {**answer["matches"][0], "match_id": ""}
        varying = ("submission_id", "sha256", "receipt")
        return {**answer, "matches": [match], **dict.fromkeys(varying)}

    assert shape(near) == shape(nearer)
    assert "distance" not in json.dumps(near)


def test_match_stays_within_its_query_budget(
    acme_api, known_entry, known_picture, unknown_picture, django_assert_num_queries
):
    post(acme_api, known_picture)
    # The key and the lists version; submission, audit event and counter in one statement.
    with django_assert_num_queries(2):
        post(acme_api, unknown_picture)
    # A hit also looks up what was hit: by digest, and then all that is to be told of it.
    with django_assert_num_queries(4):
        post(acme_api, known_picture)


def test_picture_without_the_border_of_the_known_one_is_a_near_match(
    acme_api, ncmec, curator, second_curator
):
    framed = Image.new("RGB", (760, 600), "white")
    framed.paste(render_picture(1), (60, 60))
    make_active(ncmec, as_bytes(framed, "PNG"), by=curator, approver=second_curator)

    answer = post(acme_api, as_bytes(render_picture(1), "JPEG", quality=90)).json()

    assert [match["match_type"] for match in answer["matches"]] == ["near"]


def test_animation_with_a_flat_frame_is_not_checked(acme_api, known_entry):
    frames = [render_picture(2), Image.new("RGB", (640, 480), "gray")]
    animation = as_bytes(frames[0], "PNG", save_all=True, append_images=frames[1:])

    assert post(acme_api, animation).json()["verdict"] == "not_checked"


def test_drawing_that_vanishes_on_one_ground_is_judged_on_the_other(acme_api, known_entry):
    drawing = render_picture(2).convert("L").convert("RGBA")
    drawing.putalpha(render_picture(2).convert("L"))

    assert post(acme_api, as_bytes(drawing, "PNG")).json()["verdict"] == "no_known_match"


def test_match_is_told_by_webhook_and_a_miss_is_not(
    acme, acme_api, known_entry, known_picture, unknown_picture
):
    WebhookEndpoint.objects.create(
        tenant=acme.tenant, environment="live", url="https://8.8.8.8/", events=["match.found"]
    )
    post(acme_api, unknown_picture)
    answer = post(acme_api, known_picture).json()
    told = json.loads(WebhookDelivery.objects.get().body)

    assert told["type"] == "match.found"
    assert told["data"] == {
        "submission_id": answer["submission_id"],
        "content_id": None,
        "match_ids": [match["match_id"] for match in answer["matches"]],
    }


@pytest.mark.parametrize("word", ["false", "0", "False"])
def test_words_for_no_parts_are_taken(acme_api, unknown_picture, word):
    path = f"/v1/match?enhance={word}"
    answer = acme_api.post(path, unknown_picture, content_type="image/jpeg").json()

    assert answer["checked"] == ["exact", "near"]


@pytest.mark.parametrize("word", ["TRUE", "yes", "2", "ASYNC"])
@pytest.mark.parametrize("path", ["/v1/match", "/v1/batches"])
def test_words_that_are_not_described_are_refused(acme, api, path, word):
    client = api(acme.issue(scopes=["match", "batch"]).secret)
    answer = client.post(f"{path}?enhance={word}", b"data", content_type="application/x-ndjson")

    assert answer.status_code == 400
