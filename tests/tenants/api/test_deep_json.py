"""JSON nested beyond all bounds is the caller's mistake, not a failure of ours."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db
DEEP = b"[" * 100_000
PATHS = ["/v1/match", "/v1/match/hashes", "/v1/keys", "/v1/webhooks"]


@pytest.mark.parametrize("path", PATHS)
def test_nesting_beyond_all_bounds_is_refused(acme, api, path):
    client = api(acme.issue(scopes=["match", "match:hash", "keys", "webhooks"]).secret)

    assert client.post(path, DEEP, content_type="application/json").status_code == 400


def test_the_same_through_drf(acme_api):
    answer = acme_api.post(
        "/v1/match/hashes", DEEP, content_type="application/json", HTTP_ACCEPT="application/json, *"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
