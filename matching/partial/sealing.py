"""Local signatures as the database keeps them: encrypted under a key that it does not have."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE: Final = b"hashservice: local signatures of hash entries"
NONCE_BYTES: Final = 12


class SignatureUnreadable(Exception):
    """The signature was encrypted under another key, for another entry, or altered since."""


def seal(signature: bytes, *, hash_list: int, identity: str) -> bytes:
    """Encrypt the signature of the entry that is `identity` on the list with this key.

    AES-256-GCM, nonce first. Bound to its entry: moved to another one it can not be read.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = _cipher(settings.SIGNATURE_KEY)
    return nonce + cipher.encrypt(nonce, signature, _owner(hash_list, identity))


def opened(sealed: bytes, *, hash_list: int, identity: str) -> bytes:
    """The signature that was sealed, under this key or the one before.

    Raises SignatureUnreadable.
    """
    for secret in (settings.SIGNATURE_KEY, settings.SIGNATURE_KEY_PREVIOUS):
        if secret:
            with suppress(InvalidTag):
                return _opened_with(secret, sealed, _owner(hash_list, identity))
    raise SignatureUnreadable("a local signature can not be decrypted")


def is_current(sealed: bytes, *, hash_list: int, identity: str) -> bool:
    """Whether it was sealed under the key in use, not under the one before."""
    try:
        _opened_with(settings.SIGNATURE_KEY, sealed, _owner(hash_list, identity))
    except InvalidTag:
        return False
    return True


def _opened_with(secret: str, sealed: bytes, owner: bytes) -> bytes:
    return _cipher(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner)


def _owner(hash_list: int, identity: str) -> bytes:
    return f"{hash_list}:{identity}".encode()


@cache
def _cipher(secret: str) -> AESGCM:
    """Under a key of its own, derived by HKDF (RFC 5869)."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return AESGCM(derived)
