"""A tenant nobody else asks for, and the server that counts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings as django_settings


@pytest.fixture
def tenant_id() -> str:
    return f"ten_{secrets.token_hex(8)}"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(django_settings.REDIS_URL) as connection:
        yield connection
