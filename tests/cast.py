"""The standing cast: acme asks, rival looks on from outside, two curators keep the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.audit.record import Actor
from tenants.keys import DEFAULT_SCOPES, IssuedKey, issue
from tenants.memberships import create_curator, create_tenant
from tenants.models import ApiKey, Tenant
from tenants.throttling import calls
from tenants.throttling.shared import SharedLimiter

NARRATOR = Actor.system("tests")
PLAN = "business"


@dataclass(frozen=True)
class Customer:
    """A tenant with its first key."""

    tenant: Tenant
    key: ApiKey
    secret: str

    def issue(self, **terms: Any) -> IssuedKey:
        """One more key: live and with the default scopes unless `terms` say otherwise."""
        usual = {"name": "one more", "environment": "live", "scopes": DEFAULT_SCOPES}
        return issue(tenant=self.tenant, actor=NARRATOR, **{**usual, **terms})


def make_customer(name: str) -> Customer:
    created = create_tenant(name=name, plan=PLAN, actor=NARRATOR)
    return Customer(created.tenant, created.issued_key.key, created.issued_key.secret)


@pytest.fixture(scope="session", autouse=True)
def patient_limiter() -> Iterator[None]:
    """A busy test machine must not pass for an outage: the time-out is generous in tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calls, "SharedLimiter", partial(SharedLimiter, timeout_seconds=30))
        yield


@pytest.fixture
def acme(db: None) -> Customer:
    return make_customer("Acme")


@pytest.fixture
def rival(db: None) -> Customer:
    return make_customer("Rival")


@pytest.fixture
def acme_key(acme: Customer) -> ApiKey:
    return acme.key


@pytest.fixture
def api() -> Callable[[str], Client]:
    """A client for the key given: `api(acme.secret).get("/v1/key")`."""
    return lambda secret: Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def acme_api(acme: Customer, api: Callable[[str], Client]) -> Client:
    return api(acme.secret)


@pytest.fixture
def rival_api(rival: Customer, api: Callable[[str], Client]) -> Client:
    return api(rival.secret)


@pytest.fixture
def acme_test_api(acme: Customer, api: Callable[[str], Client]) -> Client:
    """Acme with an `hs_test_` key."""
    return api(acme.issue(environment="test").secret)


@pytest.fixture
def acme_hash_api(acme: Customer, api: Callable[[str], Client]) -> Client:
    """Acme with a key that may submit perceptual hashes."""
    return api(acme.issue(scopes=[*DEFAULT_SCOPES, "match:hash"]).secret)


@pytest.fixture
def fast_passwords(settings: Any) -> None:
    """Password hashing is slow by intent; no test depends on it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def curator(db: None, fast_passwords: None) -> User:
    return create_curator(username="curator", password="a long password", actor=NARRATOR)


@pytest.fixture
def second_curator(db: None, fast_passwords: None) -> User:
    return create_curator(username="second curator", password="a long password", actor=NARRATOR)
