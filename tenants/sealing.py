"""Encrypt what the database must not tell to whoever reads it: AES-256-GCM under derived keys."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenants.keys import peppers

NONCE_BYTES: Final = 12


class SealUnreadable(Exception):
    """It was sealed under a pepper that is not there any more, or for something else."""


def sealed(text: bytes, *, purpose: bytes, bound_to: bytes) -> bytes:
    """`text` under the current pepper; it opens for the same `purpose` and `bound_to` alone."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(peppers.current(), purpose).encrypt(nonce, text, bound_to)


def opened(box: bytes, *, purpose: bytes, bound_to: bytes) -> bytes:
    """What was sealed, under the current pepper or the one before. Raises SealUnreadable."""
    nonce, ciphertext = box[:NONCE_BYTES], box[NONCE_BYTES:]
    for pepper in peppers.accepted():
        with suppress(InvalidTag):
            return _cipher(pepper, purpose).decrypt(nonce, ciphertext, bound_to)
    raise SealUnreadable


@cache
def _cipher(pepper: str, purpose: bytes) -> AESGCM:
    """A key for each purpose, derived by HKDF (RFC 5869): no database holds it."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(pepper.encode())
    return AESGCM(derived)
