"""Keep answers in PostgreSQL, encrypted, and find them again."""

from __future__ import annotations

from typing import Final

from django.db import connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from tenants import sealing
from tenants.api.idempotency.call import Call
from tenants.api.idempotency.errors import AnswerLost, IdempotencyMismatch, StillRunning
from tenants.models import KeptAnswer
from tenants.models.kept_answer import KEPT_FOR

REPLAYED: Final = "Idempotent-Replayed"
PURPOSE: Final = b"hashservice: answers kept for Idempotency-Key"


def lock(call: Call) -> None:
    """Hold the call until the transaction ends, however it does. Raises `StillRunning`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [call.lock_number])
        [is_ours] = cursor.fetchone() or [False]
    if not is_ours:
        raise StillRunning("A call with this Idempotency-Key is still being answered.")


def find(call: Call) -> HttpResponse | None:
    """The answer given before, byte for byte. Raises `IdempotencyMismatch`, `AnswerLost`."""
    kept = KeptAnswer.objects.filter(
        tenant=call.tenant, call_digest=call.digest, expires_at__gt=Now()
    ).first()
    if kept is None:
        return None
    if bytes(kept.payload_digest) != call.payload:
        raise IdempotencyMismatch("This Idempotency-Key was used for another payload.")
    return HttpResponse(
        _opened(bytes(kept.sealed_body), call),
        status=kept.status,
        content_type=kept.content_type,
        headers={REPLAYED: "true"},
    )


def keep(call: Call, response: HttpResponse) -> None:
    """Keep a rendered answer; one that has expired makes room."""
    KeptAnswer.objects.update_or_create(
        tenant=call.tenant,
        call_digest=call.digest,
        defaults={
            "payload_digest": call.payload,
            "status": response.status_code,
            "content_type": response.headers.get("Content-Type", ""),
            "sealed_body": _sealed(response.content, call),
            "expires_at": Now() + KEPT_FOR,
        },
    )


def is_kept(response: HttpResponseBase) -> bool:
    """Whether the answer is final: neither our failure nor a request to come back later."""
    return response.status_code < 500 and response.status_code != 429


def _opened(sealed: bytes, call: Call) -> bytes:
    try:
        return sealing.opened(sealed, purpose=PURPOSE, bound_to=call.digest + call.payload)
    except sealing.SealUnreadable as error:
        raise AnswerLost("The first answer can not be read any more.") from error


def _sealed(body: bytes, call: Call) -> bytes:
    return sealing.sealed(body, purpose=PURPOSE, bound_to=call.digest + call.payload)
