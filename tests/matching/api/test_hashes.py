"""`POST /v1/match/hashes` through the real routes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from matching.hashing import hash_image
from tenants.models import AuditEvent

pytestmark = pytest.mark.django_db


def ask(client: Any, *items: Any) -> Any:
    body = json.dumps({"items": list(items)})
    return client.post("/v1/match/hashes", body, content_type="application/json")


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
def test_every_digest_matches_exactly(acme_api, known_entry, known_picture, name):
    digest = hashlib.new(name, known_picture, usedforsecurity=False).hexdigest()

    [result] = ask(acme_api, {"content_id": "a", name: digest}).json()["results"]

    assert (result["verdict"], result["matches"][0]["match_type"]) == ("match", "exact")
    assert result["checked"] == ["exact"]


def test_results_come_in_the_order_of_the_items(acme_api, known_entry, known_picture):
    known = hashlib.sha256(known_picture).hexdigest()
    items = [{"content_id": str(n), "sha256": known if n % 2 else "00" * 32} for n in range(10)]

    results = ask(acme_api, *items).json()["results"]

    assert [result["content_id"] for result in results] == [str(n) for n in range(10)]
    assert [result["verdict"] == "match" for result in results] == [False, True] * 5


def test_perceptual_hash_needs_its_own_scope(acme_api, known_entry, known_picture):
    pdq = hash_image(known_picture).pdq
    item = {"content_id": "a", "pdq": pdq.value.hex(), "pdq_quality": pdq.quality}

    [result] = ask(acme_api, item).json()["results"]

    assert (result["error"]["code"], result["content_id"]) == ("scope_missing", "a")


def test_perceptual_hash_matches_near(acme_hash_api, known_entry, known_picture):
    pdq = hash_image(known_picture).pdq
    item = {"pdq": pdq.value.hex(), "pdq_quality": pdq.quality}

    [result] = ask(acme_hash_api, item).json()["results"]

    assert (result["verdict"], result["matches"][0]["match_type"]) == ("match", "near")


def test_perceptual_hash_of_low_quality_is_not_checked(acme_hash_api, known_entry):
    [result] = ask(acme_hash_api, {"pdq": "ab" * 32, "pdq_quality": 20}).json()["results"]

    assert (result["verdict"], result["not_checked_reason"]) == ("not_checked", "quality_too_low")


def test_bad_item_has_its_own_error_and_the_others_an_answer(acme_api, known_entry, known_picture):
    good = {"content_id": "good", "md5": hashlib.md5(known_picture).hexdigest()}  # noqa: S324

    results = ask(acme_api, {"content_id": "bad", "md5": "xyz"}, good, {}, "text").json()["results"]

    codes = [result.get("error", {}).get("code") for result in results]
    assert codes == ["signal_invalid", None, "signal_invalid", "signal_invalid"]
    assert results[1]["verdict"] == "match"


def test_too_many_items_are_refused(acme_api):
    response = ask(acme_api, *[{"md5": "00" * 16}] * 1001)

    assert (response.status_code, response.json()["code"]) == (400, "request_invalid")


def test_a_request_has_one_audit_event_however_many_items(acme_api, known_entry):
    before = AuditEvent.objects.count()
    ask(acme_api, *[{"md5": f"{n:032x}"} for n in range(20)])

    assert AuditEvent.objects.count() == before + 1


def test_however_many_items_two_statements_answer_them(
    acme_api, known_entry, django_assert_num_queries
):
    ask(acme_api, {"md5": "00" * 16})
    with django_assert_num_queries(2):
        ask(acme_api, *[{"md5": f"{n:032x}"} for n in range(200)])
