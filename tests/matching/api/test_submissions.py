"""Reading verdicts again, and verifying receipts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(acme_api: Any, known_entry: Any, known_picture: bytes) -> dict[str, Any]:
    return acme_api.post("/v1/match", known_picture, content_type="image/jpeg").json()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_submission_reads_back_as_it_was_answered(acme_api, answer):
    again = acme_api.get(f"/v1/submissions/{answer['submission_id']}").json()

    assert again == {**answer, "retroactive_matches": [], "withdrawn_matches": []}


def test_rival_gets_the_same_404_as_for_a_random_id(rival_api, answer):
    foreign = rival_api.get(f"/v1/submissions/{answer['submission_id']}")
    missing = rival_api.get("/v1/submissions/sub_0123456789abcdefghijkl")

    def body(response: Any) -> dict[str, Any]:
        return {**response.json(), "request_id": ""}

    assert foreign.status_code == missing.status_code == 404
    assert body(foreign) == body(missing)


def test_receipt_verifies_with_the_published_key(client, answer):
    payload, signature = map(decoded, answer["receipt"].split("."))
    [key] = client.get("/v1/receipt-keys").json()["keys"]

    Ed25519PublicKey.from_public_bytes(decoded(key["x"])).verify(signature, payload)
    stated = json.loads(payload)

    assert (stated["submission_id"], stated["verdict"]) == (answer["submission_id"], "match")
    assert stated["kid"] == key["kid"]
