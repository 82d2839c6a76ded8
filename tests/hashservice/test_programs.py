"""Programs go straight to the API's views, with all that Django's middleware would have seen to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock, patch
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http.response import HttpResponseBase

from hashservice import programs
from hashservice.programs import Application
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


@pytest.fixture
def looked_after() -> Iterator[Mock]:
    """In a transaction, which every test is, the real one would give up the connection."""
    with patch.object(connection, "close_if_unusable_or_obsolete") as looked_after:
        yield looked_after


Body = list[bytes] | HttpResponseBase


def asked(path: str, secret: str = "") -> tuple[str, dict[str, str], Body]:
    """Status, headers and body as the WSGI application gives them to the web server."""
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {secret}",
    }
    setup_testing_defaults(environ)
    told: list[Any] = []
    body = Application(WSGIHandler())(environ, lambda *head: told.extend(head))
    return told[0], dict(told[1]), body  # type: ignore[return-value]


@pytest.mark.usefixtures("looked_after")
def test_server_gets_the_answer_of_the_test_client_in_one_piece(acme: Customer, acme_api):
    acme_api.get("/v1/key")  # its use is noted now
    known = acme_api.get("/v1/key")

    status, headers, body = asked("/v1/key", acme.secret)

    assert status == "200 OK"
    assert isinstance(body, list)
    assert json.loads(b"".join(body)) == known.json()
    assert headers.keys() == dict(known.items()).keys()


@pytest.mark.usefixtures("looked_after")
def test_server_gets_pages_in_one_piece_as_well():
    status, headers, body = asked("/accounts/login/")

    assert (status, isinstance(body, list)) == ("200 OK", True)
    assert "Content-Security-Policy" in headers


@pytest.mark.usefixtures("looked_after")
def test_server_gets_a_report_part_by_part(acme: Customer):
    status, _, body = asked("/v1/audit/report", acme.issue(scopes=["audit:read"]).secret)

    assert isinstance(body, HttpResponseBase)
    assert (status, body.streaming) == ("200 OK", True)
    body.close()


@pytest.mark.parametrize("path", ["/v1/key", "/accounts/login/"])
def test_connection_is_looked_after_before_and_after_every_request(
    acme: Customer, looked_after, path
):
    asked(path, acme.secret)

    assert looked_after.call_count >= 2
