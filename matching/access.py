"""Which entries and rows a key sees; the only gate between tenants and lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, Final

from django.db.models import QuerySet

from matching.hashing import Digests
from matching.models import (
    CyberTip,
    HashEntry,
    HashList,
    ListsVersion,
    LocalSignature,
    Match,
    PeriodReport,
    Submission,
)
from tenants.keys import along, read_along
from tenants.models import ApiKey, Tenant, is_id
from tenants.reads import composed, taken
from tenants.statements import run

VERSION_SECONDS: Final = 0.25  # a picture may wait longer than this for a decoder
MOST_OF_A_VALUE: Final = 1_000  # a flood of entries with one signal must not make an answer slow

# What a key sees: lists of its kind that are active or on probation (`shadow`), for everybody or
# for its tenant or plan.
_SEEN = """
    list.kind = %s AND list.state IN ('active', 'shadow') AND (list.visibility = 'all'
        OR %s = ANY (list.visible_to_tenants) OR %s = ANY (list.visible_to_plans))
"""
# Their active entries. The limit is of each value, so that a flood of one can not hide what another
# would find; nor does a list on probation hide an active one.
_IN_FORCE = """
    SELECT entry.id
      FROM <asked> AS asked (value), LATERAL (
           SELECT found.id
             FROM matching_hashentry AS found
             JOIN matching_hashlist AS list ON list.id = found.hash_list_id
            WHERE found.<column> = asked.value AND found.state = 'active'
              AND <seen>
            ORDER BY list.state
            LIMIT %s) AS entry
"""
# One value is put so that PostgreSQL counts on one: only then does it keep the plan it has, and
# answers in a ninth of the time.
_ONE, _MANY = "(VALUES (%s::bytea))", "unnest(%s::bytea[])"
BY_DIGESTS: Final = "<sha256> UNION ALL <sha1> UNION ALL <md5>"
ENTRIES: Final = """
    SELECT {columns}
      FROM (SELECT unnest(%s::bigint[]) UNION <pdq> UNION <pdq_trimmed>) AS chosen (id)
      JOIN {entry} AS entry ON entry.id = chosen.id
      JOIN {list} AS list ON list.id = entry.hash_list_id
     WHERE entry.state = 'active' AND <seen>
"""


class NotFound(Exception):
    """The row is missing or another tenant's: the two answer alike."""


def read_version_with_keys() -> None:
    """Have the lists version read in the statement that every request begins with."""
    read_along(ListsVersion)


def version_for(key: ApiKey) -> ListsVersion:
    """The lists version in force: as it was read with the key, unless that is a while ago.

    Whatever was approved before the request began is in it. Raises ListsVersion.DoesNotExist on a
    database that was never migrated.
    """
    return along(key, ListsVersion, seconds=VERSION_SECONDS) or ListsVersion.objects.get()


def entries_with_digests(*, key: ApiKey, digests: Iterable[Digests]) -> list[int]:
    """The entries that `key` sees with one of the digests."""
    asked = list(digests)
    if not asked:
        return []
    values: list[list[Any]] = [[getattr(one, name) or None for one in asked] for name in _DIGESTS]
    limits: list[Any] = [*_seer(key), MOST_OF_A_VALUE]
    if len(asked) == 1:
        parameters = [part for [value] in values for part in (value, *limits)]
    else:
        parameters = [part for many in values for part in (many, *limits)]
    rows = run(_by_digests(_ONE if len(asked) == 1 else _MANY), parameters)
    return [pk for (pk,) in rows]


def entries_found(*, key: ApiKey, pks: Sequence[int], pdq: Iterable[bytes]) -> list[HashEntry]:
    """Of the entries with these keys or PDQ values, those that `key` sees, lists loaded.

    Also those of shadow lists, which are counted and never answered (`HashList.answers`), and of
    lists whose entries take matches back (`HashList.effect`).
    """
    values = list(pdq)
    if not pks and not values:
        return []
    wanted: list[Any] = [values, *_seer(key), MOST_OF_A_VALUE]
    rows = run(_entries(), [list(pks), *wanted, *wanted, *_seer(key)])
    return [_entry(list(row)) for row in rows]


def entries_shown(*, signatures: Collection[int]) -> dict[int, int]:
    """The keys of the entries that these local signatures belong to, in force or not."""
    if not signatures:
        return {}
    rows = LocalSignature.objects.filter(pk__in=signatures)
    return dict(rows.values_list("pk", "entry_id"))


def _seer(key: ApiKey) -> tuple[str, str, str]:
    """Who looks, as `_SEEN` asks it."""
    return key.environment, key.tenant.public_id, key.tenant.plan.slug


def _entry(values: list[Any]) -> HashEntry:
    entry = taken(HashEntry, values)
    entry.hash_list = taken(HashList, values)
    return entry


_DIGESTS: Final = ("sha256", "sha1", "md5")


@cache
def _by_digests(asked: str) -> str:
    return composed(_with_look_ups(BY_DIGESTS, _DIGESTS, asked), {})


@cache
def _entries() -> str:
    statement = _with_look_ups(ENTRIES, ("pdq", "pdq_trimmed"), _MANY)
    return composed(statement, {"entry": HashEntry, "list": HashList})


def _with_look_ups(statement: str, columns: Sequence[str], asked: str) -> str:
    for column in columns:
        look_up = _IN_FORCE.replace("<column>", column).replace("<asked>", asked)
        statement = statement.replace(f"<{column}>", look_up)
    return statement.replace("<seen>", _SEEN)


def submission_of(*, key: ApiKey, public_id: str) -> Submission:
    """Raises NotFound for an id that is unknown, another tenant's or of the other environment."""
    if not is_id(public_id, "sub"):  # PostgreSQL refuses some texts altogether
        raise NotFound("submission")
    try:
        return (
            Submission.objects.filter(
                tenant=key.tenant_id, environment=key.environment, purged_at=None
            )
            .prefetch_related("matches")
            .get(public_id=public_id)
        )
    except Submission.DoesNotExist as error:
        raise NotFound("submission") from error


def match_of(*, key: ApiKey, public_id: str) -> Match:
    """Raises NotFound as `submission_of` does."""
    if not is_id(public_id, "mat"):
        raise NotFound("match")
    try:
        return Match.objects.select_related("tenant").get(
            tenant=key.tenant_id, submission__environment=key.environment, public_id=public_id
        )
    except Match.DoesNotExist as error:
        raise NotFound("match") from error


def tips_of(*, key: ApiKey) -> QuerySet[CyberTip]:
    """The reports of the key's tenant and environment, newest first."""
    return CyberTip.objects.filter(
        tenant=key.tenant_id, match__submission__environment=key.environment
    ).select_related("tenant", "match")


def tip_of(*, key: ApiKey, public_id: str) -> CyberTip:
    """Raises NotFound as `submission_of` does."""
    if not is_id(public_id, "tip"):
        raise NotFound("report")
    try:
        return tips_of(key=key).get(public_id=public_id)
    except CyberTip.DoesNotExist as error:
        raise NotFound("report") from error


def period_reports_of(*, key: ApiKey) -> QuerySet[PeriodReport]:
    """The monthly reports of the key's tenant and environment, newest first."""
    return PeriodReport.objects.filter(
        tenant=key.tenant_id, environment=key.environment
    ).select_related("tenant")


def period_report_of(*, key: ApiKey, public_id: str) -> PeriodReport:
    """Raises NotFound as `submission_of` does."""
    if not is_id(public_id, "rep"):
        raise NotFound("report")
    try:
        return period_reports_of(key=key).get(public_id=public_id)
    except PeriodReport.DoesNotExist as error:
        raise NotFound("report") from error


def period_reports_of_tenant(tenant: Tenant) -> QuerySet[PeriodReport]:
    """For the tenant's people: of both environments, newest first."""
    return PeriodReport.objects.filter(tenant=tenant).defer("figures")


def period_report_of_tenant(*, tenant: Tenant, public_id: str) -> PeriodReport:
    """Raises NotFound."""
    if not is_id(public_id, "rep"):
        raise NotFound("report")
    try:
        return PeriodReport.objects.get(tenant=tenant, public_id=public_id)
    except PeriodReport.DoesNotExist as error:
        raise NotFound("report") from error


def submissions_of(
    *, tenant: Tenant, environment: str = "", verdict: str = "", before: str = ""
) -> QuerySet[Submission]:
    """The tenant's submissions for its people, newest first; `before` is the id of one of them.

    Raises NotFound for a `before` that is none.
    """
    own = Submission.objects.filter(tenant=tenant, purged_at=None)
    if before:
        last = own.filter(public_id=before).first() if is_id(before, "sub") else None
        if last is None:
            raise NotFound("submission")
        own = own.filter(pk__lt=last.pk)
    wanted = {"environment": environment, "verdict": verdict}
    return own.filter(**{name: value for name, value in wanted.items() if value}).order_by("-pk")


def submission_of_tenant(*, tenant: Tenant, public_id: str) -> Submission:
    """For the tenant's people, whichever environment it is of. Raises NotFound."""
    if not is_id(public_id, "sub"):
        raise NotFound("submission")
    try:
        return Submission.objects.select_related("tenant").get(
            tenant=tenant, public_id=public_id, purged_at=None
        )
    except Submission.DoesNotExist as error:
        raise NotFound("submission") from error


def match_of_tenant(*, tenant: Tenant, public_id: str) -> Match:
    """For the tenant's people, whichever environment it is of. Raises NotFound."""
    if not is_id(public_id, "mat"):
        raise NotFound("match")
    try:
        return Match.objects.select_related("tenant").get(tenant=tenant, public_id=public_id)
    except Match.DoesNotExist as error:
        raise NotFound("match") from error
