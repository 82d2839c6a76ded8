"""In strict mode nothing that was not checked can be taken for clean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from matching.models import Submission
from tenants.models import AuditEvent
from tenants.tenant_settings import change_settings
from tests.cast import NARRATOR, Customer
from tests.pictures import as_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(acme: Customer) -> Customer:
    change_settings(tenant=acme.tenant, actor=NARRATOR, strict_mode=True)
    return acme


def post_flat(client: Client, **headers: str) -> Any:
    flat = as_bytes(Image.new("RGB", (400, 300), "gray"), "PNG")
    url = "/v1/match?content_id=a"
    return client.post(url, flat, content_type="image/png", headers=headers)


def test_an_unchecked_image_is_an_error_that_names_its_submission(strict, acme_api, known_entry):
    answer = post_flat(acme_api)

    submission = Submission.objects.get()
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert (
        answer.json().items()
        >= {
            "code": "not_checked",
            "submission_id": submission.public_id,
            "content_id": "a",
            "not_checked_reason": "quality_too_low",
        }.items()
    )
    assert "verdict" not in answer.json()


def test_the_verdict_is_recorded_and_can_be_read(strict, acme_api, known_entry):
    submission_id = post_flat(acme_api).json()["submission_id"]

    event = AuditEvent.objects.get(action="image.checked")
    assert (event.target, event.status) == (submission_id, 422)
    assert acme_api.get(f"/v1/submissions/{submission_id}").json()["verdict"] == "not_checked"


def test_a_repeated_call_gets_the_same_error_and_no_second_verdict(strict, acme_api, known_entry):
    first, second = (post_flat(acme_api, **{"Idempotency-Key": "a"}) for _ in range(2))

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Submission.objects.count() == 1


def test_images_that_were_checked_are_answered_as_ever(
    strict, acme_api, known_entry, known_picture
):
    answer = acme_api.post("/v1/match", known_picture, content_type="image/jpeg")

    assert (answer.status_code, answer.json()["verdict"]) == (200, "match")


def test_only_the_unchecked_item_of_many_is_an_error(strict, api, known_entry):
    client = api(strict.issue(scopes=["match", "match:hash"]).secret)
    flat, clean = {"pdq": "ab" * 32, "pdq_quality": 20, "content_id": "flat"}, {"md5": "00" * 16}
    body = json.dumps({"items": [flat, clean]})

    results = client.post("/v1/match/hashes", body, content_type="application/json").json()

    [unchecked, checked] = results["results"]
    assert (unchecked["error"]["code"], unchecked["content_id"]) == ("not_checked", "flat")
    assert ("verdict" in unchecked, checked["verdict"]) == (False, "no_known_match")
