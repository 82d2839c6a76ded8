"""People of two tenants at their browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.memberships import add_member
from tenants.models import Role
from tests.cast import NARRATOR, Customer

Visit = Callable[[Customer, str], Client]


@pytest.fixture
def visit() -> Visit:
    """A browser in which somebody of that role in that tenant has signed in."""

    def signed_in(customer: Customer, role: str = Role.OWNER) -> Client:
        user = User.objects.create_user(f"{role}@{customer.tenant.slug}.example")
        add_member(user=user, tenant=customer.tenant, role=Role(role), actor=NARRATOR)
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def owner(acme: Customer, visit: Visit) -> Client:
    return visit(acme, Role.OWNER)


@pytest.fixture
def developer(acme: Customer, visit: Visit) -> Client:
    return visit(acme, Role.DEVELOPER)


@pytest.fixture
def compliance(acme: Customer, visit: Visit) -> Client:
    return visit(acme, Role.COMPLIANCE)


@pytest.fixture
def stranger(rival: Customer, visit: Visit) -> Client:
    return visit(rival, Role.OWNER)
