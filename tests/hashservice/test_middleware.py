"""Whose address counts behind proxies."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from hashservice.middleware import client_address


def address(remote: str, forwarded: str = "") -> str | None:
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


def test_forwarded_for_is_ignored_without_trusted_proxies():
    assert address("203.0.113.9", "198.51.100.1") == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("192.0.2.7, 198.51.100.1", "198.51.100.1"),
        ("192.0.2.7, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_behind_a_trusted_proxy_the_last_foreign_hop_counts(settings, forwarded, expected):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]

    assert address("10.0.0.1", forwarded) == expected
