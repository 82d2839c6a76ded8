"""A picture that is known, one that is not, and a list that knows the first."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from matching.models import HashEntry, HashList
from tests.matching.lists import make_active, make_list
from tests.pictures import as_bytes, render_picture


@pytest.fixture(scope="session")
def known_picture() -> bytes:
    return as_bytes(render_picture(1), "JPEG", quality=92)


@pytest.fixture(scope="session")
def unknown_picture() -> bytes:
    return as_bytes(render_picture(2), "JPEG", quality=92)


@pytest.fixture
def ncmec(db: None) -> HashList:
    return make_list("ncmec")


@pytest.fixture
def known_entry(
    ncmec: HashList, known_picture: bytes, curator: User, second_curator: User
) -> HashEntry:
    return make_active(ncmec, known_picture, by=curator, approver=second_curator)
