"""What lists on probation, negative lists, visibility and kill switches do to an answer."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from PIL import Image

from matching.access import VERSION_SECONDS
from matching.curation import change_list, stop_signal, suspend_list
from matching.decoding import decoders
from matching.hashing import QueryHashes, hash_image
from matching.models import ShadowMatch
from tests.cast import NARRATOR
from tests.matching.lists import make_active, make_list
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db
VARYING = ("submission_id", "receipt", "lists_version", "match_id", "sha256")


@pytest.fixture(scope="module")
def altered() -> bytes:
    """A near copy of the known picture."""
    return as_bytes(render_picture(1).resize((320, 240)), "JPEG", quality=70)


def post(client: Any, data: bytes) -> Any:
    return client.post("/v1/match", data, content_type="image/jpeg")


def face(answer: Any) -> bytes:
    """The answer byte for byte, but for what differs in every answer."""
    content = answer.content
    for name in VARYING:
        if value := answer.json().get(name):
            content = content.replace(value.encode(), b"")
    return content


@pytest.mark.parametrize("copy", ["known_picture", "altered"])
def test_shadow_list_changes_no_byte_and_is_counted(
    acme_api, curator, second_curator, known_picture, altered, copy
):
    data = {"known_picture": known_picture, "altered": altered}[copy]
    before = face(post(acme_api, data))
    shadow = make_list("probation", state="shadow")
    entry = make_active(shadow, known_picture, by=curator, approver=second_curator)

    assert face(post(acme_api, data)) == before
    assert ShadowMatch.objects.get().entry == entry


def test_shadow_match_stays_within_the_budget_of_a_match(
    acme_api, curator, second_curator, known_picture, django_assert_num_queries
):
    shadow = make_list("probation", state="shadow")
    make_active(shadow, known_picture, by=curator, approver=second_curator)
    post(acme_api, known_picture)

    with django_assert_num_queries(4):
        post(acme_api, known_picture)


@pytest.mark.parametrize("state", ["draft", "quarantine"])
def test_list_that_was_never_published_matches_nothing(
    acme_api, curator, second_curator, known_picture, state
):
    early = make_list("early", state=state)
    make_active(early, known_picture, by=curator, approver=second_curator)

    assert post(acme_api, known_picture).json()["verdict"] == "no_known_match"
    assert not ShadowMatch.objects.exists()


def test_suspended_list_stops_in_the_next_request(acme_api, ncmec, known_entry, known_picture):
    assert post(acme_api, known_picture).json()["verdict"] == "match"
    suspend_list(hash_list=ncmec, actor=known_entry.created_by, reason="wrong file")

    assert post(acme_api, known_picture).json()["verdict"] == "no_known_match"


def never(data: bytes, curator: Any, second_curator: Any) -> None:
    harmless = make_list("harmless", effect="never")
    make_active(harmless, data, by=curator, approver=second_curator)


def test_harmless_file_matches_nothing(
    acme_api, known_entry, known_picture, curator, second_curator
):
    never(known_picture, curator, second_curator)

    answer = post(acme_api, known_picture).json()
    assert (answer["verdict"], answer["matches"]) == ("no_known_match", [])


def test_picture_nearer_to_a_harmless_one_matches_nothing(
    acme_api, known_entry, curator, second_curator
):
    coarse = as_bytes(render_picture(1).resize((100, 75)), "JPEG", quality=12)
    never(coarse, curator, second_curator)

    again = as_bytes(Image.open(io.BytesIO(coarse)), "PNG")
    assert post(acme_api, again).json()["verdict"] == "no_known_match"


def test_harmless_copy_takes_no_exact_match_back(
    acme_api, known_entry, known_picture, altered, curator, second_curator
):
    never(altered, curator, second_curator)

    assert post(acme_api, known_picture).json()["matches"][0]["match_type"] == "exact"


def test_list_for_a_tenant_is_seen_by_that_tenant_alone(
    acme, acme_api, rival_api, ncmec, known_entry, known_picture, altered
):
    change_list(
        hash_list=ncmec,
        actor=NARRATOR,
        visibility="some",
        visible_to_tenants=[acme.tenant.public_id],
    )

    for data in (known_picture, altered):
        assert post(acme_api, data).json()["verdict"] == "match"
        assert post(rival_api, data).json()["verdict"] == "no_known_match"


def test_list_for_a_plan_is_seen_by_its_tenants(acme_api, ncmec, known_entry, known_picture):
    change_list(hash_list=ncmec, actor=NARRATOR, visibility="some", visible_to_plans=["business"])
    seen = post(acme_api, known_picture).json()["verdict"]
    change_list(hash_list=ncmec, actor=NARRATOR, visible_to_plans=["free"])

    assert (seen, post(acme_api, known_picture).json()["verdict"]) == ("match", "no_known_match")


def test_stopped_near_stage_is_never_a_silent_negative(acme_api, known_entry, altered, curator):
    stop_signal(signal="pdq", actor=curator, reason="too many")

    answer = post(acme_api, altered).json()
    assert (answer["verdict"], answer["not_checked_reason"], answer["checked"]) == (
        "not_checked",
        "signal_stopped",
        ["exact"],
    )


def test_match_by_another_signal_is_still_a_match(acme_api, known_entry, known_picture, curator):
    stop_signal(signal="pdq", actor=curator, reason="too many")

    answer = post(acme_api, known_picture).json()
    assert (answer["verdict"], answer["checked"]) == ("match", ["exact"])


def test_stopped_digest_finds_nothing(acme_api, known_entry, known_picture, curator):
    stop_signal(signal="md5", actor=curator, reason="collisions")
    md5 = hash_image(known_picture).digests.md5.hex()
    body = json.dumps({"items": [{"md5": md5}]})

    [result] = acme_api.post("/v1/match/hashes", body, content_type="application/json").json()[
        "results"
    ]
    assert (result["verdict"], result["not_checked_reason"]) == ("not_checked", "signal_stopped")


def test_with_everything_stopped_no_verdict_is_given(acme_api, known_entry, known_picture, curator):
    stop_signal(signal="all", actor=curator, reason="emergency")

    answer = post(acme_api, known_picture)
    assert (answer.status_code, answer.json()["code"]) == (503, "matching_stopped")
    assert answer["Retry-After"]


def test_picture_that_waited_for_a_decoder_is_judged_by_the_lists_of_now(
    acme_api, known_entry, known_picture, curator, monkeypatch
):
    slow = decoders()

    class Slow:
        def query(self, data: bytes) -> QueryHashes:
            stop_signal(signal="all", actor=curator, reason="meanwhile")
            time.sleep(VERSION_SECONDS)
            return slow.query(data)

    monkeypatch.setattr("matching.match.submit.decoders", Slow)

    assert post(acme_api, known_picture).status_code == 503
