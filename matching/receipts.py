"""Signed receipts: what was asked, what was answered, by which lists, and when.

A receipt is `<payload>.<signature>`, both base64url without padding: the payload is canonical
JSON, the signature Ed25519 (RFC 8032) over the payload's bytes. Anyone who holds the public key
can verify it without us.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from matching.models import Submission

ALGORITHM = "Ed25519"


def receipt_for(submission: Submission) -> str:
    """The signed statement of one verdict."""
    payload = _payload(submission, submission.parts_sought_at or submission.created_at)
    return sign(payload)


def sign(payload: Mapping[str, object]) -> str:
    body = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    return f"{_base64url(body)}.{_base64url(_signing_key().sign(body))}"


def public_keys() -> list[dict[str, str]]:
    """The keys that verify receipts, as RFC 8037 JSON Web Keys."""
    return [
        {
            "kty": "OKP",
            "crv": ALGORITHM,
            "kid": key_id(),
            "x": _base64url(_public_bytes()),
            "use": "sig",
        }
    ]


def key_id() -> str:
    """A short name of the signing key, from its public half."""
    return hashlib.sha256(_public_bytes()).hexdigest()[:16]


def _payload(submission: Submission, at: datetime) -> dict[str, object]:
    return {
        "v": 1,
        "kid": key_id(),
        "submission_id": submission.public_id,
        "sha256": submission.sha256.hex() if submission.sha256 else None,
        "verdict": submission.verdict,
        "checked": submission.checked,
        "lists_version": submission.lists_version_label,
        "at": at.isoformat(),
    }


@cache
def _signing_key() -> Ed25519PrivateKey:
    # The setting is a text of any length; its digest is the 32-byte seed.
    seed = hashlib.sha256(settings.RECEIPT_SIGNING_KEY.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


@cache
def _public_bytes() -> bytes:
    return _signing_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
