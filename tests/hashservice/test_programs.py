"""Programs go straight to the API's views, with all that Django's middleware would have seen to."""

from __future__ import annotations

import pytest

from hashservice import programs
from tests.cast import Customer

pytestmark = pytest.mark.django_db
PATHS = ["/v1/key", "/v1/keys", "/v1/no-such-thing", "/m/lookup", "/photodna/v1.0/Match"]


@pytest.mark.parametrize("path", PATHS)
def test_call_is_answered_as_through_the_whole_chain(acme_api, monkeypatch, path):
    straight = acme_api.get(path)
    monkeypatch.setattr(programs, "is_api", lambda path: False)  # noqa: ARG005
    acme_api.handler.load_middleware()
    through_all = acme_api.get(path)

    assert straight.status_code == through_all.status_code
    assert straight.headers.keys() - through_all.headers.keys() == set()
    assert through_all.headers.keys() - straight.headers.keys() <= {
        "Content-Security-Policy",
        "Vary",
    }


def test_call_to_a_foreign_host_is_refused(acme_api):
    assert acme_api.get("/v1/key", headers={"Host": "elsewhere.example"}).status_code == 400


def test_answer_says_how_long_it_is(acme_api):
    response = acme_api.get("/v1/key")

    assert int(response["Content-Length"]) == len(response.content)


def test_page_for_people_has_its_content_policy_and_a_call_needs_none(client, acme: Customer):
    assert "Content-Security-Policy" in client.get("/accounts/login/").headers
    assert "Content-Security-Policy" not in client.get("/v1/key").headers
