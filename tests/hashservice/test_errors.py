"""Every error of the native API has one shape."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db
FIELDS = {"type", "title", "status", "code", "detail", "request_id"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/v1/nothing", 404, "not_found"),
        ("get", "/v1/match", 405, "method_not_allowed"),
        ("post", "/v1/match", 400, "request_invalid"),
        ("get", "/v1/submissions/sub_x", 404, "not_found"),
    ],
)
def test_errors_are_problem_json(acme_api, method, path, status, code):
    response = getattr(acme_api, method)(path)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert set(response.json()) == FIELDS
    assert response.json()["code"] == code
    assert response.json()["request_id"] == response["X-Request-Id"]


def test_missing_key_is_401_with_a_challenge(client):
    response = client.get("/v1/key")

    assert (response.status_code, response.json()["code"]) == (401, "key_invalid")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_malformed_json_is_named_so(acme_api):
    response = acme_api.post("/v1/match/hashes", "{", content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "request_invalid")
