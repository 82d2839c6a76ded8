"""Public identifiers: a prefix that names the kind, then randomness nobody can guess."""

from __future__ import annotations

import secrets
import string
from functools import partial

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH = 22  # 131 bits: more than a random UUID holds
# Bytes to letters; the last eight values are left out, so that every letter is as likely.
_LETTERS = bytes(ord(BASE62[byte % 62]) for byte in range(256))
_LEFT_OUT = bytes(range(4 * 62, 256))


def random_base62(length: int) -> str:
    """`length` random base62 characters from the operating system (5.95 bits each)."""
    letters = b""
    while len(letters) < length:
        letters += secrets.token_bytes(2 * length).translate(_LETTERS, _LEFT_OUT)
    return letters[:length].decode("ascii")


def new_id(prefix: str) -> str:
    """A new public id, `new_id("sub")` → `sub_` and 22 random base62 characters."""
    return f"{prefix}_{random_base62(ID_LENGTH)}"


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the shape of a public id of that kind."""
    kind, _, random = text.partition("_")
    return kind == prefix and len(random) == ID_LENGTH and set(random) <= set(BASE62)


new_content_key = partial(secrets.token_bytes, 32)
new_tenant_id = partial(new_id, "ten")
