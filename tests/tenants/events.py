"""Audit events to look at."""

from __future__ import annotations

from typing import Any

from tenants.audit.record import Actor, record
from tenants.models import AuditEvent


def recorded_event(*, actor: Actor, **particulars: Any) -> AuditEvent:
    """Record an act of `actor`, and read its event back."""
    record(action="key.read", actor=actor, **particulars)
    return AuditEvent.objects.latest("id")
