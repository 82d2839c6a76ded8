"""What takes two people. One proposes; the verb of the act itself runs when another approves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tenants.audit.record import Actor, record
from tenants.models import Proposal, ProposedAct, Tenant


class SamePerson(Exception):
    """Nobody decides on what they proposed themselves."""


class ProposalClosed(Exception):
    """It is decided already, or of another kind."""


class ProposalUnknown(Exception):
    """The proposal is missing or another tenant's: the two answer alike."""


def proposals_of(tenant: Tenant) -> QuerySet[Proposal]:
    """The tenant's proposals, newest first."""
    return Proposal.objects.filter(tenant=tenant).select_related("proposed_by", "decided_by")


def find_proposal(*, tenant: Tenant, public_id: str) -> Proposal:
    """Raises `ProposalUnknown`."""
    try:
        return proposals_of(tenant).get(public_id=public_id)
    except Proposal.DoesNotExist as error:
        raise ProposalUnknown(public_id) from error


def propose(
    *, tenant: Tenant, act: ProposedAct, terms: Mapping[str, Any], reason: str, actor: User
) -> Proposal:
    """Put `act` before a second person. `terms` say in plain data what would be done."""
    with transaction.atomic():
        proposal = Proposal.objects.create(
            tenant=tenant, act=act, terms=dict(terms), reason=reason, proposed_by=actor
        )
        _record("proposal.made", proposal, actor, {"reason": reason, **terms})
    return proposal


def reject(*, proposal: Proposal, actor: User, reason: str) -> None:
    """Decide against it. Raises `SamePerson`, `ProposalClosed`."""
    with transaction.atomic():
        locked = _open(proposal, proposal.act, actor)
        _close(locked, actor, approved=False, outcome={"reason": reason})
        _record("proposal.rejected", locked, actor, {"reason": reason})


@contextmanager
def approving(*, proposal: Proposal, act: ProposedAct, actor: User) -> Iterator[Proposal]:
    """The transaction in which an approved act is done: the body does it and notes `outcome`.

    Raises `SamePerson`, `ProposalClosed`; then nothing is done, and when the body raises nothing
    was decided.
    """
    with transaction.atomic():
        locked = _open(proposal, act, actor)
        yield locked
        _close(locked, actor, approved=True, outcome=locked.outcome)
        _record("proposal.approved", locked, actor, locked.outcome)


def _open(proposal: Proposal, act: str, actor: User) -> Proposal:
    locked = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if locked.decided_by_id is not None or locked.act != act:
        raise ProposalClosed("This was decided already.")
    if locked.proposed_by_id == actor.pk:
        raise SamePerson("Another person has to decide on what you proposed.")
    return locked


def _close(proposal: Proposal, actor: User, *, approved: bool, outcome: Mapping[str, Any]) -> None:
    proposal.decided_by, proposal.decided_at = actor, timezone.now()
    proposal.approved, proposal.outcome = approved, dict(outcome)
    proposal.save()


def _record(action: str, proposal: Proposal, actor: User, data: Mapping[str, Any]) -> None:
    record(
        action=action,
        actor=Actor.user(actor),
        tenant=proposal.tenant,
        target=proposal.public_id,
        data={"act": proposal.act, **data},
    )
