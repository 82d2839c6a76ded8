"""Trying it in the browser: the verdict a program would get, with a person as the actor."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from matching.models import Submission
from tenants import keys
from tenants.models import AuditEvent
from tests.cast import NARRATOR, Customer
from tests.matching.lists import make_active, make_list

pytestmark = pytest.mark.django_db
TRY = "/portal/acme/try"


@pytest.fixture
def test_key(acme: Customer) -> Any:
    return acme.issue(environment="test", name="trial").key


def send(client: Client, key_id: str, data: bytes) -> Any:
    return client.post(TRY, {"key": key_id, "image": io.BytesIO(data)})


@pytest.fixture
def known(known_picture: bytes, curator: Any, second_curator: Any) -> bytes:
    make_active(make_list("trial", kind="test"), known_picture, by=curator, approver=second_curator)
    return known_picture


def test_known_picture_matches_and_the_person_is_the_actor(developer, test_key, known):
    page = send(developer, test_key.key_id, known).content.decode()

    assert "verdict-match" in page
    event = AuditEvent.objects.get(action="image.matched")
    assert (event.actor_kind, event.actor_id) == ("user", "developer@acme.example")
    assert event.key_id == test_key.key_id
    assert Submission.objects.get().environment == "test"


def test_unknown_picture_is_not_known(developer, test_key, known, unknown_picture):
    page = send(developer, test_key.key_id, unknown_picture).content.decode()

    assert "verdict-no_known_match" in page
    assert "distance" not in page


def test_what_is_no_picture_is_refused_in_words(developer, test_key, known):
    answer = send(developer, test_key.key_id, b"no picture at all")

    assert answer.status_code == 422
    assert "verdict-" not in answer.content.decode()


def test_live_keys_and_foreign_keys_are_not_offered(developer, acme, rival, test_key, known):
    foreign = rival.issue(environment="test").key
    page = developer.get(TRY).content.decode()

    assert acme.key.key_id not in page
    for key_id in (acme.key.key_id, foreign.key_id):
        assert send(developer, key_id, known).status_code == 422
    assert not Submission.objects.exists()


def test_revoked_key_is_not_offered(developer, test_key):
    keys.revoke(key=test_key, actor=NARRATOR)

    assert test_key.key_id not in developer.get(TRY).content.decode()


def test_limit_of_the_tenant_holds_here_too(developer, acme, test_key, known):
    acme.tenant.plan.burst = acme.tenant.plan.requests_per_minute = 1
    acme.tenant.plan.save()
    statuses = [send(developer, test_key.key_id, known).status_code for _ in range(3)]

    assert statuses[0] == 200
    assert 429 in statuses


def test_page_of_a_new_key_waits_for_its_first_call(developer, test_key, known):
    waiting = developer.get(f"/portal/acme/keys/{test_key.key_id}/first").content.decode()
    send(developer, test_key.key_id, known)
    arrived = developer.get(f"/portal/acme/keys/{test_key.key_id}/first").content.decode()

    assert "hx-trigger" in waiting
    assert "verdict-match" in arrived
    assert "hx-trigger" not in arrived
