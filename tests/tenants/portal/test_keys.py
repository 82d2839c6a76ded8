"""Keys in the portal: the same verbs as the API, with a person as the actor."""

from __future__ import annotations

import re

import pytest

from tenants import keys
from tenants.keys import TOKEN_PATTERN
from tenants.models import ApiKey, AuditEvent

pytestmark = pytest.mark.django_db
KEYS = "/portal/acme/keys"
TERMS = {"name": "shop", "environment": "live", "scopes": ["match"]}


def secret_in(page: bytes) -> str:
    found = TOKEN_PATTERN.search(page.decode())
    assert found
    return found.group()


def test_new_key_is_shown_once_and_works(developer, acme):
    page = developer.post(f"{KEYS}/new", TERMS)
    secret = secret_in(page.content)

    assert keys.verify(token=secret, address=None).name == "shop"
    assert page.headers["Cache-Control"].count("no-store") == 1
    assert secret not in developer.get(KEYS).content.decode()


def test_person_is_the_actor(developer, acme):
    developer.post(f"{KEYS}/new", TERMS)

    event = AuditEvent.objects.filter(action="key.issued").latest("pk")
    assert (event.actor_kind, event.actor_id) == ("user", "developer@acme.example")
    assert event.tenant == acme.tenant


def test_key_carries_its_terms(owner, acme):
    networks = "203.0.113.0/24\n2001:db8::/32"
    until = {"not_before": "2030-01-01T00:00", "expires_at": "2031-01-01T00:00"}
    limits = {"requests_per_minute": "5", "monthly_quota": "100"}
    owner.post(f"{KEYS}/new", {**TERMS, "allowed_networks": networks, **until, **limits})

    key = ApiKey.objects.get(name="shop")
    assert key.allowed_networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert (key.not_before.year, key.expires_at.year) == (2030, 2031)
    assert (key.requests_per_minute, key.burst, key.monthly_quota) == (5, None, 100)


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ({"allowed_networks": "nowhere"}, "Not a network"),
        ({"expires_at": "2001-01-01T00:00"}, "must end in the future"),
        ({"scopes": []}, "required"),
        ({"name": ""}, "required"),
    ],
)
def test_impossible_terms_are_refused_in_words(owner, acme, terms, complaint):
    page = owner.post(f"{KEYS}/new", {**TERMS, **terms})

    assert page.status_code == 422
    assert complaint in page.content.decode()
    assert not ApiKey.objects.filter(name="shop").exists()


def test_developer_makes_no_key_that_reads_what_the_role_may_not(developer, acme):
    page = developer.post(f"{KEYS}/new", {**TERMS, "scopes": ["match", "audit:read"]})

    assert page.status_code == 422
    assert not ApiKey.objects.filter(name="shop").exists()


def test_developer_gets_no_such_secret_by_rotation_either(developer, acme):
    assert "audit:read" in acme.key.scopes
    address = f"{KEYS}/{acme.key.key_id}/rotate"

    assert developer.post(address, {"overlap_seconds": "0"}).status_code == 403


def test_rotation_shows_the_successor_and_lets_the_old_key_end(owner, acme):
    page = owner.post(f"{KEYS}/{acme.key.key_id}/rotate", {"overlap_seconds": "3600"})

    assert keys.verify(token=secret_in(page.content), address=None)
    acme.key.refresh_from_db()
    assert acme.key.expires_at is not None
    assert keys.verify(token=acme.secret, address=None)


@pytest.mark.parametrize("overlap", ["-1", "x", "", "99999999"])
def test_impossible_overlap_is_refused(owner, acme, overlap):
    owner.post(f"{KEYS}/{acme.key.key_id}/rotate", {"overlap_seconds": overlap})

    acme.key.refresh_from_db()
    assert acme.key.successor is None


def test_revoked_key_is_refused(owner, acme):
    owner.post(f"{KEYS}/{acme.key.key_id}/revoke")

    with pytest.raises(keys.KeyInvalid):
        keys.verify(token=acme.secret, address=None)


def test_list_shows_both_environments_and_no_digest(owner, acme):
    test_key = acme.issue(environment="test", name="trial").key
    page = owner.get(KEYS).content.decode()

    assert acme.key.key_id in page
    assert test_key.key_id in page
    assert not re.search("digest|pepper", page.replace("Only a digest", ""))


@pytest.mark.parametrize("act", ["rotate", "revoke"])
def test_rivals_key_is_not_found(owner, acme, rival, act):
    assert owner.post(f"{KEYS}/{rival.key.key_id}/{act}").status_code == 404
    rival.key.refresh_from_db()
    assert rival.key.revoked_at is None


def test_first_key_comes_with_lines_that_hold_it(developer, acme):
    page = developer.post("/portal/acme/first-key").content.decode()
    secret = secret_in(page.encode())

    assert secret.startswith("hs_test_")
    assert page.count(secret) == 3
    assert "curl" in page
