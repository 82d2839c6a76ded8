"""Which entries and rows a key sees; the only gate between tenants and lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from django.db import connection
from django.db.models import Q

from matching.hashing import Digests
from matching.models import HashEntry, ListsVersion, Submission
from tenants.models import ApiKey, Tenant

MOST_ENTRIES: Final = 1_000  # a flood of entries with one signal must not make an answer slow

VERSION_AND_DIGESTS: Final = """
    SELECT version.id, version.version, version.changed_at, version.snapshot_id,
           ARRAY(SELECT id FROM matching_hashentry WHERE state = 'active' AND sha256 = %s LIMIT %s)
           || ARRAY(SELECT id FROM matching_hashentry WHERE state = 'active' AND sha1 = %s LIMIT %s)
           || ARRAY(SELECT id FROM matching_hashentry WHERE state = 'active' AND md5 = %s LIMIT %s)
      FROM matching_listsversion AS version
"""


class NotFound(Exception):
    """The row is missing or another tenant's: the two answer alike."""


def version_and_digests(digests: Digests | None) -> tuple[ListsVersion, list[int]]:
    """The lists version in force, and the active entries that carry one of the digests.

    One statement, so that both are of one moment; nearly every submission is a miss and needs no
    other. Raises ListsVersion.DoesNotExist on a database that was never migrated.
    """
    asked = (digests.sha256, digests.sha1, digests.md5) if digests else (None,) * 3
    with connection.cursor() as cursor:
        cursor.execute(
            VERSION_AND_DIGESTS, [part for value in asked for part in (value or None, MOST_ENTRIES)]
        )
        row = cursor.fetchone()
    if row is None:
        raise ListsVersion.DoesNotExist
    *version, found = row
    return ListsVersion(*version), found


def entries_found(*, key: ApiKey, pks: Sequence[int], pdq: Collection[bytes]) -> list[HashEntry]:
    """Of the entries with these keys or PDQ values, those in force for `key`, lists loaded."""
    if not pks and not pdq:
        return []
    values = list(pdq)
    found = HashEntry.objects.in_force(key.environment).filter(
        Q(pk__in=pks) | Q(pdq__in=values) | Q(pdq_trimmed__in=values)
    )
    # Without an order: in that of the primary key PostgreSQL might walk the whole table.
    return list(found.select_related("hash_list").order_by()[:MOST_ENTRIES])


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
