"""Who acts on lists: a curator, or a guard of the service's own."""

from __future__ import annotations

from django.contrib.auth.models import User

from tenants.audit.record import Actor

Stopper = User | Actor
"""Stopping needs one curator, or a guard."""


def as_actor(stopper: Stopper) -> Actor:
    """Whom the audit log names."""
    return stopper if isinstance(stopper, Actor) else Actor.user(stopper)


def person(stopper: Stopper) -> User | None:
    return stopper if isinstance(stopper, User) else None


def needed(reason: str) -> str:
    """The reason without the blanks around it. Raises ValueError when nothing is left."""
    if not reason.strip():
        raise ValueError("a reason is needed")
    return reason.strip()
