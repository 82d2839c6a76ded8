"""Keys that turned up where they should not be."""

from __future__ import annotations

from tenants.audit.record import Actor
from tenants.keys.life import revoke
from tenants.keys.verification import act_for, prove
from tenants.models import ApiKey

REASON = "reported as leaked"


def report_leak(*, token: str, found_at: str, actor: Actor) -> ApiKey | None:
    """Revoke the key that `token` is, at once; None when it is none, or revoked already.

    Whoever can show the whole key has proven that it leaked, so nobody is asked who they are.
    `found_at` (an address, or words) goes into the audit event.
    """
    key, _ = prove(token)
    if key is None or key.revoked_at is not None:
        return None
    act_for(key)
    return revoke(key=key, actor=actor, reason=f"{REASON}: {found_at}" if found_at else REASON)
