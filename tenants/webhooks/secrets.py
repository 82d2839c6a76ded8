"""Signing secrets: made here, shown once, kept encrypted, several of them during a rotation.

Formats and signatures after Standard Webhooks 1.0: `whsec_` and `v1` for HMAC-SHA256 with 32 random
bytes; `whpk_` and `v1a` for Ed25519, whose private half is never shown to anybody.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db.models import Q

from tenants import sealing
from tenants.keys import peppers
from tenants.models import Signature, WebhookEndpoint, WebhookSecret

SECRET_BYTES: Final = 32
PURPOSE: Final = b"hashservice: signing secrets of webhooks"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """32 bytes: the shared secret, or the seed of an Ed25519 key."""

    signature: Signature
    value: bytes

    def sign(self, message: bytes) -> str:
        """`v1,…` or `v1a,…`, in base64."""
        if self.signature == Signature.ED25519:
            signed = Ed25519PrivateKey.from_private_bytes(self.value).sign(message)
        else:
            signed = hmac.digest(self.value, message, hashlib.sha256)
        return f"{self.signature},{_base64(signed)}"

    @property
    def secret(self) -> str | None:
        """What a receiver verifies with, where that must be kept secret."""
        return f"whsec_{_base64(self.value)}" if self.signature == Signature.HMAC else None

    @property
    def public_key(self) -> str | None:
        """What a receiver verifies with, where everybody may have it."""
        if self.signature == Signature.HMAC:
            return None
        key = Ed25519PrivateKey.from_private_bytes(self.value).public_key()
        return f"whpk_{_base64(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}"


def make_secret(endpoint: WebhookEndpoint) -> SigningKey:
    """A new current secret of `endpoint`; the one before must have got an end."""
    value = secrets.token_bytes(SECRET_BYTES)
    WebhookSecret.objects.create(
        tenant=endpoint.tenant, endpoint=endpoint, **_sealed(value, endpoint)
    )
    return SigningKey(Signature(endpoint.signature), value)


def keys_of(endpoint: WebhookEndpoint, at: datetime.datetime) -> list[SigningKey]:
    """The keys that deliveries are signed with at that moment, the current one first."""
    return [_opened(secret, endpoint) for secret in valid_secrets(endpoint.secrets.all(), at)]


def valid_secrets(found: Iterable[WebhookSecret], at: datetime.datetime) -> list[WebhookSecret]:
    """Those of `found` that have not ended, the newest first."""
    valid = [s for s in found if s.expires_at is None or s.expires_at > at]
    return sorted(valid, key=lambda secret: -secret.pk)


def reseal() -> int:
    """Move secrets over to the current pepper, so that the one before can go; tells how many."""
    old = WebhookSecret.objects.exclude(pepper_version=peppers.fingerprint(peppers.current()))
    moved = 0
    for secret in old.select_related("endpoint"):
        value = _opened(secret, secret.endpoint).value
        changes = _sealed(value, secret.endpoint)
        moved += WebhookSecret.objects.filter(pk=secret.pk).update(**changes)
    return moved


def forget_ended(at: datetime.datetime) -> int:
    """Delete secrets whose overlap is over."""
    return WebhookSecret.objects.filter(Q(expires_at__lte=at)).delete()[0]


def _sealed(value: bytes, endpoint: WebhookEndpoint) -> dict[str, object]:
    box = sealing.sealed(value, purpose=PURPOSE, bound_to=endpoint.public_id.encode())
    return {"sealed": box, "pepper_version": peppers.fingerprint(peppers.current())}


def _opened(secret: WebhookSecret, endpoint: WebhookEndpoint) -> SigningKey:
    value = sealing.opened(
        bytes(secret.sealed), purpose=PURPOSE, bound_to=endpoint.public_id.encode()
    )
    return SigningKey(Signature(endpoint.signature), value)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
