"""Which entries and rows a key sees; the only gate between tenants and lists."""

from __future__ import annotations

from collections.abc import Collection

from matching.hashing import Digests
from matching.models import HashEntry, Submission
from tenants.models import ApiKey, Tenant

MOST_ENTRIES = 1_000  # a flood of entries with one signal must not make an answer slow


class NotFound(Exception):
    """The row is missing or another tenant's: the two answer alike."""


def entries_found(
    *, key: ApiKey, digests: Digests | None, pdq: Collection[bytes]
) -> list[HashEntry]:
    """The entries in force for this key that carry one of these signals, lists loaded."""
    found = (
        HashEntry.objects.in_force(key.environment)
        .with_any_signal(digests, pdq)
        .select_related("hash_list")
        .order_by()  # in the primary key's order PostgreSQL might walk the whole table
    )
    return list(found[:MOST_ENTRIES])


def submission_of(*, tenant: Tenant, public_id: str) -> Submission:
    """Raises NotFound for an id that is unknown or not this tenant's."""
    try:
        return (
            Submission.objects.filter(tenant=tenant)
            .prefetch_related("matches")
            .get(public_id=public_id)
        )
    except Submission.DoesNotExist as error:
        raise NotFound("submission") from error
