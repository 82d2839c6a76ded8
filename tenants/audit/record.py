"""Write an audit event in the transaction of its effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from django.db import transaction

from tenants.audit import context
from tenants.audit.actions import ACTIONS
from tenants.models import ActorKind, ApiKey, AuditEvent, Outcome, Tenant
from tenants.models.audit_event import MAX_REQUEST_ID, MAX_TEXT
from tenants.writes import Write, insertion, unsaved, write_together


class UnknownAction(ValueError):
    """The action is not in the closed list: add it to `ACTIONS` with its description."""


class NamedUser(Protocol):
    """What an actor needs of a user."""

    def get_username(self) -> str: ...


@dataclass(frozen=True)
class Actor:
    """Who acts."""

    kind: ActorKind
    id: str = ""
    key_id: str = ""

    @classmethod
    def key(cls, api_key: ApiKey) -> Self:
        """A program that holds an API key."""
        return cls(ActorKind.KEY, api_key.key_id, api_key.key_id)

    @classmethod
    def user(cls, user: NamedUser) -> Self:
        """A person who signed in, or in whose name a command runs."""
        return cls(ActorKind.USER, user.get_username())

    @classmethod
    def system(cls, name: str) -> Self:
        """The service itself: the command or task `name`."""
        return cls(ActorKind.SYSTEM, name)

    @classmethod
    def anonymous(cls) -> Self:
        """A caller who has not proven who they are."""
        return cls(ActorKind.ANONYMOUS)


def record(
    *,
    action: str,
    actor: Actor,
    tenant: Tenant | None = None,
    target: str = "",
    outcome: str = Outcome.SUCCESS,
    status: int | None = None,
    data: Mapping[str, Any] | None = None,
    effects: Sequence[Write] = (),
) -> None:
    """Insert one event into the current transaction; it commits or vanishes with the effect.

    `effects` are written in the same statement as the event, which makes a transaction of its own
    unnecessary.

    `data` never holds secrets, image bytes, perceptual hashes or raw query strings. Request id,
    address and user agent come from the request being served. Raises `UnknownAction`.
    """
    if action not in ACTIONS:
        raise UnknownAction(action)
    origin = context.current()
    event = unsaved(
        AuditEvent,
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        key_id=actor.key_id,
        tenant=tenant,
        target=_fitting(target),
        request_id=_fitting(origin.request_id, MAX_REQUEST_ID),
        address=origin.address,
        user_agent=_fitting(origin.user_agent),
        outcome=outcome,
        status=status,
        data=dict(data or {}),
    )
    write_together([*effects, insertion([event])])
    _note_when_committed()


def recorded() -> bool:
    """Whether the request being served has its event: committed, or about to be.

    Inside a transaction that has not ended (every test runs in one) the mark is still pending;
    an event that was rolled back is neither.
    """
    served = context.served()
    if served is None:
        return False
    pending = (hook for _, hook, _ in transaction.get_connection().run_on_commit)
    return served.has_event or served.note_event in pending


def _note_when_committed() -> None:
    served = context.served()
    if served is not None:
        transaction.on_commit(served.note_event)


def _fitting(text: str, length: int = MAX_TEXT) -> str:
    """`text` as a column takes it: cut to fit, without the NUL that PostgreSQL refuses."""
    return text.replace("\x00", "")[:length]
