"""The text of a key: `hs_live_<12 id>_<43 secret><6 checksum>`, all base62.

The id finds the row and the secret (256 bits) proves the caller. The CRC-32 of all before it lets
anyone tell a key from noise without asking us, in the manner of GitHub's token format of 2021.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from typing import Final

from tenants.models import BASE62, random_base62

KEY_ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 12, 43, 6
TOKEN_PATTERN: Final = re.compile(
    rf"hs_(?:live|test)_(?P<key_id>[0-9A-Za-z]{{{KEY_ID_LENGTH}}})"
    rf"_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}"
)
KEY_ID_PATTERN: Final = re.compile(rf"[0-9A-Za-z]{{{KEY_ID_LENGTH}}}")


def new_token(environment: str) -> tuple[str, str]:
    """A fresh key for `environment` as (key id, whole token)."""
    key_id = random_base62(KEY_ID_LENGTH)
    body = f"hs_{environment}_{key_id}_{random_base62(SECRET_LENGTH)}"
    return key_id, body + checksum(body)


def key_id_of(token: str) -> str | None:
    """The key id in a well-formed token; None when shape or checksum are wrong."""
    found = TOKEN_PATTERN.fullmatch(token)
    if found is None or checksum(token[:-CHECKSUM_LENGTH]) != token[-CHECKSUM_LENGTH:]:
        return None
    return found["key_id"]


def is_key_id(text: str) -> bool:
    """Whether `text` has the shape of a key id."""
    return KEY_ID_PATTERN.fullmatch(text) is not None


def checksum(body: str) -> str:
    """CRC-32 of `body` as six base62 digits, padded with zeros."""
    number, digits = zlib.crc32(body.encode("ascii")), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def digest(token: str, pepper: str) -> bytes:
    """HMAC-SHA-256 of the token under `pepper`: all that is stored of it.

    The secret is random, so a fast hash is enough (OWASP ASVS 5.0, 6.5.2); the pepper is not in
    the database, so a stolen database verifies nothing.
    """
    return hmac.new(pepper.encode(), token.encode("ascii"), hashlib.sha256).digest()
