"""Keys that turned up where they should not be, and their owners."""

from __future__ import annotations

from django.db import transaction

from tenants import keys
from tenants.audit.record import Actor
from tenants.models import ApiKey, NoticeKind
from tenants.notices.telling import put_up


def report_leak(*, token: str, found_at: str, actor: Actor) -> ApiKey | None:
    """Revoke the key that `token` is and tell its owners; None when there was nothing to revoke.

    `found_at` (an address, or words) is for them.
    """
    with transaction.atomic():
        key = keys.report_leak(token=token, found_at=found_at, actor=actor)
        if key is not None:
            put_up(
                tenant=key.tenant,
                environment=key.environment,
                kind=NoticeKind.KEY_LEAKED,
                subject=key.key_id,
                data={"key_id": key.key_id, "name": key.name, "found_at": found_at},
            )
    return key
