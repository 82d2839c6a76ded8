"""Two curators at their desks, and somebody with an account but no rights."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from matching.models import HashList
from tests.matching.lists import make_list


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(curator: User) -> Client:
    return signed_in(curator)


@pytest.fixture
def second_desk(second_curator: User) -> Client:
    return signed_in(second_curator)


@pytest.fixture
def outsider_desk(db: None, fast_passwords: None) -> Client:
    return signed_in(User.objects.create_user("temp", is_staff=True))


@pytest.fixture
def iwf(db: None) -> HashList:
    return make_list("iwf")
