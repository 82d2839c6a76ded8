"""Plain calls, which skip DRF, and the same calls through DRF are each other's oracle."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.views import APIView

from tenants.models import AuditEvent, Plan

pytestmark = pytest.mark.django_db

THROUGH_DRF = {"HTTP_ACCEPT": "application/json, */*"}
OWN_TO_EACH = ("submission_id", "receipt", "request_id", "match_id", "lists_version")
DIGEST = {"items": [{"content_id": "a", "md5": "00" * 16}]}
MIXED = {"items": [{"md5": "zz"}, {"sha256": "00" * 32}, {"pdq": "00" * 32}, 7]}


def asked(client: Any, path: str, body: Any, content_type: str, **extra: Any) -> tuple[Any, ...]:
    """What both ways have to agree on: status, answer, what is told of limits, and the event."""
    data = json.dumps(body) if isinstance(body, dict) else body
    response = client.post(path, data, content_type=content_type, **extra)
    event = AuditEvent.objects.latest("pk")
    said = {name for name in response.headers if name.lower() not in {"allow", "vary"}}
    return (
        response.status_code,
        response["Content-Type"],
        _without_own(response.json()),
        said,
        (event.action, event.outcome, event.status, event.target.partition("_")[0]),
    )


def _without_own(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_without_own(part) for part in answer]
    if isinstance(answer, dict):
        return {n: _without_own(part) for n, part in answer.items() if n not in OWN_TO_EACH}
    return answer


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        ("/v1/match/hashes", DIGEST, "application/json"),
        ("/v1/match/hashes", DIGEST, "application/json; charset=utf-8"),
        ("/v1/match/hashes", MIXED, "application/json"),
        ("/v1/match/hashes", b"{", "application/json"),
        ("/v1/match/hashes", b"\xff", "application/json"),
        ("/v1/match/hashes", b'{"items": [NaN]}', "application/json"),
        ("/v1/match/hashes", b"[]", "application/json"),
        ("/v1/match/hashes", {"items": [{"md5": "00" * 16}] * 1001}, "application/json"),
        ("/v1/match", b"no image", "image/jpeg"),
        ("/v1/match?content_id=u-1", b"no image", "application/octet-stream"),
        ("/v1/match?content_id=%00", b"no image", "image/png"),
        ("/v1/match?enhance=perhaps", b"no image", "image/png"),
        ("/v1/match?enhance=", b"no image", "image/png"),
    ],
)
def test_plain_call_is_answered_as_drf_answers_it(acme_api, path, body, content_type):
    plain = asked(acme_api, path, body, content_type)

    assert plain == asked(acme_api, path, body, content_type, **THROUGH_DRF)


@pytest.mark.parametrize("name", ["known_picture", "unknown_picture"])
def test_plain_image_is_answered_as_drf_answers_it(acme_api, known_entry, request, name):
    image = request.getfixturevalue(name)
    plain = asked(acme_api, "/v1/match?content_id=u%C3%BC", image, "image/png")

    assert plain == asked(
        acme_api, "/v1/match?content_id=u%C3%BC", image, "image/png", **THROUGH_DRF
    )
    assert plain[0] == 200


def test_plain_call_without_a_key_is_refused_as_drf_refuses_it(client):
    plain = asked(client, "/v1/match/hashes", DIGEST, "application/json")

    assert plain == asked(client, "/v1/match/hashes", DIGEST, "application/json", **THROUGH_DRF)
    assert plain[0] == 401


def test_plain_call_with_a_key_in_its_address_is_refused(acme, acme_api):
    status, _, answer, *_ = asked(
        acme_api, f"/v1/match?content_id={acme.secret}", b"data", "image/png"
    )

    assert (status, answer["code"]) == (400, "key_in_query")


def test_plain_call_without_the_scope_is_refused_and_charged(acme, api):
    narrow = api(acme.issue(scopes=["usage:read"]).secret)
    plain = asked(narrow, "/v1/match", b"data", "image/png")

    assert plain == asked(narrow, "/v1/match", b"data", "image/png", **THROUGH_DRF)
    assert (plain[0], plain[2]["code"], "RateLimit" in plain[3]) == (403, "scope_missing", True)


def test_plain_call_beyond_the_burst_is_refused_as_drf_refuses_it(acme, acme_api):
    Plan.objects.filter(pk=acme.tenant.plan_id).update(burst=1, requests_per_minute=1)
    asked(acme_api, "/v1/match/hashes", DIGEST, "application/json")
    plain = asked(acme_api, "/v1/match/hashes", DIGEST, "application/json")

    assert plain == asked(acme_api, "/v1/match/hashes", DIGEST, "application/json", **THROUGH_DRF)
    assert (plain[0], plain[2]["code"], "Retry-After" in plain[3]) == (429, "rate_limited", True)


@pytest.mark.parametrize(
    ("extra", "is_plain"),
    [
        ({}, True),
        (THROUGH_DRF, False),
        ({"HTTP_IDEMPOTENCY_KEY": "once"}, False),
        ({"HTTP_HASHSERVICE_SANDBOX": "slow=0"}, False),
    ],
)
def test_only_what_asks_for_nothing_more_is_plain(acme_api, monkeypatch, extra, is_plain):
    through_drf = []
    initial = APIView.initial

    def noted(view: APIView, *args: Any, **kwargs: Any) -> None:
        through_drf.append(view)
        initial(view, *args, **kwargs)

    monkeypatch.setattr(APIView, "initial", noted)
    asked(acme_api, "/v1/match/hashes", DIGEST, "application/json", **extra)

    assert (not through_drf) is is_plain
