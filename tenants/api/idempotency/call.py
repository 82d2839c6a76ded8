"""What makes two calls the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from django.http.request import HttpRequest
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from tenants.authentication import key_of
from tenants.models import Tenant

HEADER: Final = "Idempotency-Key"
LONGEST_KEY: Final = 255


@dataclass(frozen=True)
class Call:
    """A call of a tenant: `digest` names it, `payload` stands for what was sent (both 32 bytes)."""

    tenant: Tenant
    digest: bytes
    payload: bytes

    @property
    def lock_number(self) -> int:
        """A signed 64-bit number for PostgreSQL's advisory locks."""
        return int.from_bytes(self.digest[:8], signed=True)


def call_of(request: Request, *, of_one_key: bool, payload: bytes | None = None) -> Call:
    """The call that `request` is, read before anything parses its body.

    Calls belong to tenant, environment and route; with `of_one_key` also to the calling key, for
    answers that hold a secret. Raises DRF's `ParseError` for a header that is empty or too long.
    """
    name = request.headers[HEADER]
    if not 1 <= len(name) <= LONGEST_KEY:
        raise ParseError(f"{HEADER} has 1 to {LONGEST_KEY} characters.")
    key = key_of(request)
    match = request.resolver_match
    caller = key.key_id if of_one_key else ""
    parts = [key.tenant.public_id, key.environment, match.route if match else "", caller, name]
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return Call(key.tenant, digest, payload or _payload_digest(request._request))


def _payload_digest(request: HttpRequest) -> bytes:
    """SHA-256 over method, path, query string, media type and body.

    Clients draw the boundary of a multipart body anew for each try: it is left out.
    """
    boundary = (request.content_params or {}).get("boundary", "").encode()
    body = request.body.replace(boundary, b"") if boundary else request.body
    head = [request.method, request.path, request.META.get("QUERY_STRING"), request.content_type]
    digest = hashlib.sha256(json.dumps(head).encode())
    digest.update(body)
    return digest.digest()
