"""`enhance`: parts of listed pictures, through the real routes and decoder processes."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from matching.curation import approve_entry, retire_entry, suspend_entry, suspend_list
from matching.index.local import Band
from matching.index.local import search as local_search
from matching.match import parts
from matching.models import LocalSignature, Match, ReviewItem, Submission
from matching.partial import build_segments, live_partial
from tenants.models import AuditEvent, UsageDay
from tests.cast import NARRATOR
from tests.matching.partial.entries import add_partial, make_partial, part

pytestmark = pytest.mark.django_db

KNOWN, UNKNOWN = 5, 6


@pytest.fixture
def entry(ncmec, curator, second_curator):
    return make_partial(ncmec, KNOWN, by=curator, approver=second_curator)


@pytest.fixture
def segment(entry):
    [built] = build_segments(actor=NARRATOR, least=1)
    return built


def ask(client, data, enhance="true"):
    return client.post(f"/v1/match?enhance={enhance}", data, content_type="image/jpeg")


def test_part_is_found_when_asked_for(acme_api, entry):
    answer = ask(acme_api, part(KNOWN)).json()

    assert (answer["verdict"], answer["checked"]) == ("match", ["exact", "near", "partial"])
    [match] = answer["matches"]
    assert (match["match_type"], match["confidence"]) == ("partial", "accept")


def test_part_is_not_sought_unasked(acme_api, entry):
    answer = ask(acme_api, part(KNOWN), "false").json()

    assert (answer["verdict"], answer["checked"]) == ("no_known_match", ["exact", "near"])


def test_unknown_picture_is_no_known_match_in_all_stages(acme_api, entry):
    answer = ask(acme_api, part(UNKNOWN)).json()

    assert answer["verdict"] == "no_known_match"
    assert answer["checked"] == ["exact", "near", "partial"]


@pytest.mark.parametrize("how", ["form", "json"])
def test_every_form_of_body_can_ask(acme_api, entry, how):
    if how == "form":
        image = SimpleUploadedFile("a.jpg", part(KNOWN))
        answer = acme_api.post("/v1/match", {"image": image, "enhance": "true"})
    else:
        body = {"image": base64.b64encode(part(KNOWN)).decode(), "enhance": True}
        answer = acme_api.post("/v1/match", json.dumps(body), content_type="application/json")

    assert answer.json()["matches"][0]["match_type"] == "partial"


@pytest.mark.parametrize("how", ["query", "form"])
def test_no_word_at_all_is_refused(acme_api, how):
    if how == "form":
        image = SimpleUploadedFile("a.jpg", part(KNOWN))
        answer = acme_api.post("/v1/match", {"image": image, "enhance": ""})
    else:
        answer = ask(acme_api, part(KNOWN), "")

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


def test_tenant_can_have_it_by_default(acme, acme_api, entry):
    acme.tenant.enhance_by_default = "inline"
    acme.tenant.save()

    assert acme_api.post("/v1/match", part(KNOWN), content_type="image/jpeg").json()["matches"]
    assert not ask(acme_api, part(KNOWN), "false").json()["matches"]


def test_word_that_is_no_flag_is_refused(acme_api, entry):
    assert ask(acme_api, part(KNOWN), "maybe").status_code == 400


def test_part_is_found_from_a_segment(acme_api, segment):
    assert ask(acme_api, part(KNOWN)).json()["verdict"] == "match"


def test_entry_matches_in_the_request_after_its_approval(
    acme_api, segment, ncmec, curator, second_curator
):
    entry = add_partial(ncmec, UNKNOWN, by=curator)
    assert ask(acme_api, part(UNKNOWN)).json()["verdict"] == "no_known_match"
    approve_entry(entry=entry, actor=second_curator)

    assert ask(acme_api, part(UNKNOWN)).json()["verdict"] == "match"


@pytest.mark.parametrize("stop", ["retire", "suspend", "suspend list"])
@pytest.mark.parametrize("place", ["delta", "segment"])
def test_stopped_entry_does_not_match_in_the_next_request(
    acme_api, entry, ncmec, curator, stop, place
):
    if place == "segment":
        build_segments(actor=NARRATOR, least=1)
    assert ask(acme_api, part(KNOWN)).json()["verdict"] == "match"
    if stop == "retire":
        retire_entry(entry=entry, actor=curator, reason="wrong picture")
    elif stop == "suspend":
        suspend_entry(entry=entry, actor=curator, reason="under review")
    else:
        suspend_list(hash_list=ncmec, actor=curator, reason="bad delivery")

    assert ask(acme_api, part(KNOWN)).json()["verdict"] == "no_known_match"


def test_test_key_finds_no_part_of_a_live_list(acme_test_api, entry):
    assert ask(acme_test_api, part(KNOWN)).json()["verdict"] == "no_known_match"


def damage(segment, settings):
    file = Path(settings.INDEX_DIR) / segment.directory / "words"
    content = bytearray(file.read_bytes())
    content[0] ^= 1
    file.write_bytes(content)
    live_partial.unload()


def test_damaged_segment_answers_503_and_never_no_match(acme_api, segment, settings):
    damage(segment, settings)

    response = ask(acme_api, part(KNOWN))

    assert (response.status_code, response.json()["code"]) == (503, "index_unavailable")
    assert response["Retry-After"]
    assert not Submission.objects.exists()


def test_damaged_segment_is_named_by_readyz(client, segment, settings):
    damage(segment, settings)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert segment.directory in response.json()["wrong"]["partial_index"]


def test_signature_that_can_not_be_decrypted_answers_503(acme_api, entry):
    LocalSignature.objects.update(sealed=b"something else altogether")

    assert ask(acme_api, part(KNOWN)).json()["code"] == "index_unavailable"


@pytest.fixture
def doubtful(monkeypatch):
    """Every partial match is in the review band."""
    monkeypatch.setattr(local_search, "decide", lambda _: Band.REVIEW)


def test_doubtful_match_is_no_verdict_to_act_on(acme_api, entry, doubtful):
    answer = ask(acme_api, part(KNOWN)).json()

    assert (answer["verdict"], answer["not_checked_reason"]) == ("not_checked", "needs_review")
    assert [match["confidence"] for match in answer["matches"]] == ["review"]
    assert AuditEvent.objects.get(action="image.checked").data["verdict"] == "not_checked"
    assert UsageDay.objects.get().matches_partial == 0


def test_doubtful_match_is_put_before_the_curators(acme, acme_api, entry, doubtful):
    ask(acme_api, part(KNOWN))

    item = ReviewItem.objects.get()
    assert (item.kind, item.entry, item.tenant) == ("partial", entry, acme.tenant)
    assert item.evidence["inliers"] > 3


def test_what_was_measured_stays_inside(acme_api, entry, doubtful):
    body = ask(acme_api, part(KNOWN)).content.decode()

    for word in ("inliers", "evidence", "windows", "votes", "distance"):
        assert word not in body
    assert Match.objects.get().distance is None


def test_exact_match_has_no_confidence_of_its_own(acme_api, known_entry, known_picture):
    [match] = ask(acme_api, known_picture, "false").json()["matches"]

    assert "confidence" not in match


def test_full_stage_answers_503_and_lets_other_look_ups_pass(acme_api, entry):
    held = [parts.partial_stage(wanted=True) for _ in range(parts.MOST_AT_ONCE)]
    for place in held:
        place.__enter__()
    try:
        busy, quick = ask(acme_api, part(KNOWN)), ask(acme_api, part(KNOWN), "false")
    finally:
        for place in held:
            place.__exit__(None, None, None)

    assert (busy.status_code, busy.json()["code"]) == (503, "partial_busy")
    assert busy["Retry-After"]
    assert quick.status_code == 200
