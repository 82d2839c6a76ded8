"""A second person's yes, whatever was proposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.contrib.auth.models import User

from matching.retention.purges import purge
from tenants.content_keys import destroy
from tenants.models import Proposal, ProposedAct

ACTS: Final[Mapping[str, Callable[..., object]]] = {
    ProposedAct.PURGE: purge,
    ProposedAct.DESTROY_CONTENT_KEY: destroy,
}


def approve(*, proposal: Proposal, actor: User) -> None:
    """Do what was proposed. Raises `SamePerson`, `ProposalClosed`, `PeriodNotSet`."""
    ACTS[proposal.act](proposal=proposal, actor=actor)
