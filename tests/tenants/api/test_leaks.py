"""`POST /v1/leaked-keys`: who shows a whole key has shown that it leaked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tenants import keys
from tenants.models import ApiKey, AuditEvent
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db


def report(key: str, **more: object) -> Any:
    body = json.dumps({"key": key, **more})
    return Client().post("/v1/leaked-keys", body, content_type="application/json")


def unknown() -> str:
    return keys.tokens.new_token("live")[1]


def test_leaked_key_is_refused_in_the_next_request(acme, acme_api):
    assert report(acme.secret).status_code == 202
    assert acme_api.get("/v1/key").status_code == 401


def test_the_owner_finds_it_in_the_audit_log(acme):
    report(acme.secret, found_at="https://example.org/paste/1")
    event = AuditEvent.objects.get(action="key.revoked")

    assert (event.tenant, event.target, event.actor_kind) == (
        acme.tenant,
        acme.key.key_id,
        "anonymous",
    )
    assert event.data == {"reason": "reported as leaked: https://example.org/paste/1"}


def test_every_report_is_answered_alike(acme):
    revoked = acme.issue()
    keys.revoke(key=revoked.key, actor=NARRATOR)
    wrong = f"hs_live_{acme.key.key_id}_{'0' * 43}"
    tokens = [acme.secret, revoked.secret, unknown(), wrong + keys.tokens.checksum(wrong), "hs_"]
    answers = [report(token) for token in tokens]

    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1


def test_nothing_but_the_whole_key_revokes_it(acme):
    wrong = f"hs_live_{acme.key.key_id}_{'0' * 43}"
    report(wrong + keys.tokens.checksum(wrong))
    report(acme.key.key_id)

    assert ApiKey.objects.get().revoked_at is None


def test_every_report_leaves_one_event(acme):
    for token in (acme.secret, acme.secret, unknown()):
        before = AuditEvent.objects.count()
        report(token)
        assert AuditEvent.objects.count() == before + 1


def test_reported_key_stands_nowhere(acme):
    report(acme.secret)
    stranger = unknown()
    report(stranger)
    log = str(list(AuditEvent.objects.values()))

    assert acme.secret not in log
    assert stranger not in log


def test_reports_of_one_source_are_limited(settings):
    settings.FAILED_AUTHENTICATIONS_PER_MINUTE = 3

    assert [report(unknown()).status_code for _ in range(4)] == [202] * 3 + [429]


@pytest.mark.parametrize("body", [{}, {"key": 5}, {"key": ""}, {"key": "x", "token": "y"}, []])
def test_report_of_another_shape_is_refused(body):
    answer = Client().post("/v1/leaked-keys", json.dumps(body), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")


def test_key_with_white_space_around_it_is_revoked(acme, acme_api):
    assert report(f" {acme.secret}\n").status_code == 202
    assert acme_api.get("/v1/key").status_code == 401


def test_white_space_counts_for_the_length_that_is_described():
    assert report(" " + "x" * 200).status_code == 400
