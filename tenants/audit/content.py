"""How an event names a file without telling its hash."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from tenants.models import Tenant

KEY_BYTES: Final = 32
REFERENCE_DIGITS: Final = 32  # 128 bits


def content_reference(tenant: Tenant, sha256: bytes) -> str:
    """HMAC-SHA-256 of the file's digest under the tenant's content key, shortened, in hex.

    Empty for a tenant that has no such key.
    """
    if not tenant.content_key:
        return ""
    mac = hmac.digest(bytes(tenant.content_key), sha256, hashlib.sha256)
    return mac.hex()[:REFERENCE_DIGITS]
