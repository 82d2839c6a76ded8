"""Every fixture provokes just the answer that it says, in our words and in PhotoDNA's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matching.sandbox import FIXTURES, Fixture, Judgement, checklist
from matching.sandbox.reactions import judged
from tests.served import Answer, Served, over_a_socket

QUICK = [fixture for fixture in FIXTURES if fixture.name != "provoked-slow"]
NAMES = [fixture.name for fixture in QUICK]


def send(served: Served, fixture: Fixture, path: str, **key: str) -> Answer:
    headers = {name.replace("-", "_"): value for name, value in fixture.headers.items()}
    query = "?enhance=true" if fixture.enhance else ""
    return served.ask("POST", path + query, fixture.make(), **headers, **key)


class TestOverASocket:
    pytestmark = over_a_socket

    @pytest.mark.parametrize("fixture", QUICK, ids=NAMES)
    def test_fixture_answers_as_it_says(self, served: Served, fixture: Fixture) -> None:
        answer = send(served, fixture, "/v1/match", Authorization=f"Bearer {served.key}")
        expected = fixture.expected
        assert (answer.status, answer.body.get("code")) == (expected.status, expected.code)
        assert answer.body.get("verdict") == expected.verdict
        found = [(m["match_type"], m["violation"]) for m in answer.body.get("matches", [])]
        assert found == [(expected.match_type, expected.violation)] * bool(expected.match_type)

    def test_fixtures_answer_photodna_as_the_list_says(self, served: Served) -> None:
        listed = served.ask("GET", "/v1/sandbox", Authorization=f"Bearer {served.key}").body
        said = {fixture["name"]: fixture["photodna"] for fixture in listed["fixtures"]}
        got = {}
        for fixture in QUICK:
            path = "/photodna/v1.0/Match"
            answer = send(served, fixture, path, Ocp_Apim_Subscription_Key=served.key)
            got[fixture.name] = {
                "status": answer.status,
                "code": answer.body.get("Status", {}).get("Code"),
                "is_match": answer.body.get("IsMatch"),
            }
        assert got == {name: said[name] for name in got}

    def test_fixture_can_be_downloaded(self, served: Served) -> None:
        connection = served.connect()
        connection.request(
            "GET", "/v1/sandbox/unknown", headers={"Authorization": f"Bearer {served.key}"}
        )
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.read().startswith(b"\xff\xd8")
        connection.close()


def post(api: Any, path: str, body: dict[str, str], **headers: str) -> Any:
    return api.post(path, json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.django_db
class TestReactions:
    def test_live_keys_can_not_provoke_errors(self, acme_api, unknown_picture):
        answer = acme_api.post(
            "/v1/match",
            unknown_picture,
            content_type="image/jpeg",
            headers={"Hashservice-Sandbox": "internal_error"},
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")

    def test_error_that_does_not_exist_is_refused(self, acme_test_api):
        answer = acme_test_api.get("/v1/key", headers={"Hashservice-Sandbox": "nonsense"})

        assert answer.json()["code"] == "request_invalid"

    def test_client_that_lets_an_error_through_fails_open(self, acme_test_api, acme):
        path = "/v1/sandbox/provoked-internal-error/reaction"
        answer = post(acme_test_api, path, {"reaction": "passed"})
        [line] = [one for one in checklist(acme.tenant) if one.reaction]

        assert answer.json()["judgement"] == "fail-open"
        assert line.judgement is Judgement.FAIL_OPEN

    def test_latest_reaction_counts(self, acme_test_api, acme):
        for reaction in ("passed", "held"):
            post(acme_test_api, "/v1/sandbox/not-checked/reaction", {"reaction": reaction})
        [line] = [one for one in checklist(acme.tenant) if one.reaction]

        assert line.judgement is Judgement.RIGHT

    def test_reaction_to_an_unknown_fixture_is_not_found(self, acme_test_api):
        answer = post(acme_test_api, "/v1/sandbox/nonsense/reaction", {"reaction": "held"})

        assert answer.status_code == 404


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_only_a_picture_that_is_not_known_may_be_let_through(fixture):
    may_pass = fixture.expected.verdict == "no_known_match"

    assert (judged(fixture, "passed") is Judgement.FAIL_OPEN) != may_pass
