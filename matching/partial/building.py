"""Write signatures into segments: what is new into a new one, together with small older ones."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from matching.index import remove
from matching.index.local import LocalIndex
from matching.models import EntryState, LocalSegment, LocalSignature
from matching.partial.rows import signatures_of
from tenants.audit.record import Actor, record

BUILD_AFTER: Final = 100
"""Signatures in no segment; as many in a delta cost about 50 ms whenever one more comes."""

MOST_AT_ONCE: Final = 20_000
MOST_IN_A_SEGMENT: Final = 100_000
"""Building one of so many takes about a minute and 1.5 GB."""

GROWTH: Final = 4
"""An older segment is joined with what is new unless it is so many times as large."""

PREFIX: Final = "local-"
ABANDONED_AFTER: Final = datetime.timedelta(days=1)
KEPT_FOR: Final = datetime.timedelta(minutes=10)
"""A process that was told of a segment may open it for so long after it was replaced."""


def is_build_due() -> bool:
    """Whether enough signatures are in no segment to be worth a new one."""
    return _waiting()[:BUILD_AFTER].count() == BUILD_AFTER


def build_segments(*, actor: Actor, least: int = BUILD_AFTER) -> list[LocalSegment]:
    """Bring waiting signatures into segments until fewer than `least` wait; returns the new ones.

    Every step commits for itself and takes no lock that an approval or a retirement waits for.
    Another process that builds at the same time is waited for.
    """
    built = []
    while segment := _build_one(actor, max(least, 1)):
        built.append(segment)
    _remove_replaced()
    return built


def _build_one(actor: Actor, least: int) -> LocalSegment | None:
    with transaction.atomic():
        _await_other_builders()
        new = list(_waiting().order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
        if len(new) < least:
            return None
        joined = _to_join(len(new))
        rows = LocalSignature.objects.exclude(entry__state=EntryState.RETIRED).order_by("pk")
        wanted = rows.filter(pk__in=new) | rows.filter(segment__in=joined)
        segment = _written(wanted)
        LocalSignature.objects.filter(pk__in=new).update(segment=segment)
        LocalSignature.objects.filter(segment__in=joined).update(segment=segment)
        LocalSegment.objects.filter(pk__in=[old.pk for old in joined]).update(
            replaced_at=timezone.now()
        )
        data = {"signatures": segment.signatures, "joined": len(joined)}
        record(action="snapshot.published", actor=actor, target=segment.directory, data=data)
    return segment


def _written(rows: QuerySet[LocalSignature]) -> LocalSegment:
    """A segment of these signatures, on the disk; it is published when its row commits."""
    name = f"{PREFIX}{time.time_ns()}"
    count = LocalIndex.build(signatures_of(rows), index_directory(name), created_at=timezone.now())
    return LocalSegment.objects.create(directory=name, signatures=count)


def index_directory(name: str) -> Path:
    return Path(settings.INDEX_DIR) / name


def _waiting() -> QuerySet[LocalSignature]:
    return LocalSignature.objects.filter(segment=None).exclude(entry__state=EntryState.RETIRED)


def _to_join(new: int) -> list[LocalSegment]:
    """The segments, from the smallest on, that go into the new one.

    So sizes grow geometrically: there are few segments, and every signature is written a few
    times in all (the logarithmic method, Bentley and Saxe 1980).
    """
    joined, total = [], new
    for segment in LocalSegment.objects.filter(replaced_at=None).order_by("signatures"):
        larger = total + segment.signatures
        if segment.signatures > GROWTH * total or larger > MOST_IN_A_SEGMENT:
            break
        joined.append(segment)
        total = larger
    return joined


def _await_other_builders() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('matching: segments', 0))")


def _remove_replaced() -> None:
    """Also what a transaction left that never committed."""
    ended = timezone.now() - KEPT_FOR
    for segment in LocalSegment.objects.filter(replaced_at__lt=ended).order_by("-pk")[:50]:
        remove(index_directory(segment.directory))
    abandoned = time.time() - ABANDONED_AFTER.total_seconds()
    known = set(LocalSegment.objects.values_list("directory", flat=True))
    for directory in Path(settings.INDEX_DIR).glob(f"{PREFIX}*"):
        if directory.name not in known and directory.stat().st_mtime < abandoned:
            remove(directory)
