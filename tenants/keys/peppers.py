"""The peppers of key digests: the one in use, and the one before it while keys move over."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from django.conf import settings

FINGERPRINT_PURPOSE: Final = b"hashservice: fingerprint of a pepper"


def current() -> str:
    """The pepper of new digests."""
    pepper: str = settings.API_KEY_PEPPER
    return pepper


def accepted() -> list[str]:
    """The peppers a digest may be under, the current one first."""
    return [pepper for pepper in (current(), settings.API_KEY_PEPPER_PREVIOUS) if pepper]


def fingerprint(pepper: str) -> int:
    """15 bits that tell peppers apart and nothing about them, stored beside each digest.

    When no key that is still good has another than the current one's, the previous can go.
    """
    digest = hmac.new(pepper.encode(), FINGERPRINT_PURPOSE, hashlib.sha256).digest()
    return int.from_bytes(digest[:2]) >> 1
