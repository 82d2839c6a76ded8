"""The key that links files to a tenant's log, and how that link is cut for good.

The log never changes, so what must be forgotten is not written into it: it holds a keyed digest of
the file instead. Without the key nobody can tell which file an event was about, and the log still
verifies to the last byte (crypto-shredding). Copies of the key in backups live as long as those.
"""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User

from tenants.audit.content import KEY_BYTES
from tenants.audit.record import Actor, record
from tenants.models import Proposal, ProposedAct, Tenant
from tenants.proposals import approving, propose


def propose_destruction(*, tenant: Tenant, reason: str, actor: User) -> Proposal:
    """Propose to cut the link between files and all events so far."""
    act = ProposedAct.DESTROY_CONTENT_KEY
    return propose(tenant=tenant, act=act, terms={}, reason=reason, actor=actor)


def destroy(*, proposal: Proposal, actor: User) -> None:
    """Replace the tenant's content key by a new one, as a second person.

    References in events from before can not be computed any more. Raises `SamePerson`,
    `ProposalClosed`.
    """
    act = ProposedAct.DESTROY_CONTENT_KEY
    with approving(proposal=proposal, act=act, actor=actor) as approved:
        new = secrets.token_bytes(KEY_BYTES)
        Tenant.objects.filter(pk=approved.tenant_id).update(content_key=new)
        record(
            action="content_key.destroyed",
            actor=Actor.user(actor),
            tenant=approved.tenant,
            target=approved.tenant.public_id,
            data={"proposal": approved.public_id},
        )
