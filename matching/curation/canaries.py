"""Canaries: ordinary pictures, with their usual edits, that no live list may ever match.

One that is met says that an entry, or a whole delivery, is wrong. Of the pictures only hashes are
kept. Lists of kind `test` are made of ordinary pictures and not looked at.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from matching.curation.alarms import GUARD, stop_by_guard
from matching.curation.lists import STOPPABLE, suspend_list
from matching.hashing import PDQ_RADIUS, QueryHashes
from matching.models import (
    Canary,
    EntryState,
    GuardCheck,
    HashEntry,
    HashEntryQuerySet,
    HashList,
    ListEffect,
    ListKind,
    ListState,
    ListsVersion,
)
from matching.snapshot import live

CHECK: Final = "canaries"
AT_LEAST_EVERY: Final = datetime.timedelta(hours=1)
SEARCHED_AT_ONCE: Final = 2_000
MET_CANARY: Final = "matches a picture known to be ordinary"

Hashes = NDArray[np.uint8]


def add_canary(*, name: str, copies: Sequence[QueryHashes]) -> bool:
    """Keep the hashes of a picture and of its usual edits; the picture as it is comes first.

    Returns whether it is new: a canary of this name stays as it is.
    """
    digests = copies[0].digests
    values = {value.tobytes() for copy in copies for value in copy.trusted()}
    _, is_new = Canary.objects.get_or_create(
        name=name,
        defaults={
            "md5": digests.md5,
            "sha1": digests.sha1,
            "sha256": digests.sha256,
            "pdq": b"".join(sorted(values)),
        },
    )
    return is_new


def check_canaries() -> list[HashEntry]:
    """Look at all live lists, if they or the canaries changed, or an hour went by.

    An entry that meets a canary is suspended, and the newest of the lists they stand on is frozen.
    Returns these entries. Raises IndexUnavailable.
    """
    current = ListsVersion.objects.get()
    if not _is_due(current):
        return []
    hits = quarantine_hits()
    if hits:
        _freeze_newest({entry.hash_list for entry in hits})
    GuardCheck.objects.update_or_create(
        name=CHECK, defaults={"checked_at": timezone.now(), "version": current.version}
    )
    return hits


def quarantine_hits(*, hash_list: HashList | None = None) -> list[HashEntry]:
    """Suspend the entries of a list, or of all live ones, that meet a canary; returns them.

    Raises IndexUnavailable.
    """
    lists = HashList.objects.filter(kind=ListKind.LIVE, effect=ListEffect.MATCH).exclude(
        state=ListState.RETIRED
    )
    if hash_list is not None:
        lists = lists.filter(pk=hash_list.pk)
    canaries = list(Canary.objects.all())
    if not canaries or not lists.exists():
        return []
    hits = list(_met(canaries).filter(hash_list__in=lists).select_related("hash_list"))
    with transaction.atomic():
        for entry in hits:
            stop_by_guard(entry=entry, what=MET_CANARY, canary=_name_of_met(entry, canaries))
    return hits


def _is_due(current: ListsVersion) -> bool:
    last = GuardCheck.objects.filter(name=CHECK).first()
    return (
        last is None
        or last.version != current.version
        or timezone.now() - last.checked_at >= AT_LEAST_EVERY
        or Canary.objects.filter(created_at__gte=last.checked_at).exists()
    )


def _met(canaries: Sequence[Canary]) -> HashEntryQuerySet:
    """Approved entries that lie within reach of a canary."""
    index = live.at(ListsVersion.objects.get())
    near: set[bytes] = set()
    for hashes in _in_chunks(canaries):
        near.update(index.search(hashes, PDQ_RADIUS))
    same = {name: [getattr(one, name) for one in canaries] for name in ("md5", "sha1", "sha256")}
    met = Q(pdq__in=near) | Q(pdq_trimmed__in=near)
    for name, values in same.items():
        met |= Q(**{f"{name}__in": values})
    return HashEntry.objects.filter(met, state=EntryState.ACTIVE)


def _in_chunks(canaries: Iterable[Canary]) -> Iterator[Hashes]:
    hashes = np.concatenate([_hashes(canary) for canary in canaries])
    for start in range(0, len(hashes), SEARCHED_AT_ONCE):
        yield hashes[start : start + SEARCHED_AT_ONCE]


def _hashes(canary: Canary) -> Hashes:
    return np.frombuffer(bytes(canary.pdq), np.uint8).reshape(-1, 32)


def _name_of_met(entry: HashEntry, canaries: Sequence[Canary]) -> str:
    """The canary that is the nearest to the entry."""
    values = [np.frombuffer(value, np.uint8) for value in entry.searched_pdq]
    digests = {bytes(value) for value in (entry.md5, entry.sha1, entry.sha256) if value}

    def distance(canary: Canary) -> int:
        if digests & {bytes(canary.md5), bytes(canary.sha1), bytes(canary.sha256)}:
            return -1
        bits = [np.bitwise_count(_hashes(canary) ^ value).sum(axis=1).min() for value in values]
        return int(min(bits, default=256))

    return min(canaries, key=distance).name


def _freeze_newest(hash_lists: Iterable[HashList]) -> None:
    """Stop the list that was last imported or started: the mistake most likely came with it."""
    running = [one for one in hash_lists if one.state in STOPPABLE]
    if running:
        newest = max(running, key=_changed_at)
        suspend_list(hash_list=newest, actor=GUARD, reason=f"an entry {MET_CANARY}")


def _changed_at(hash_list: HashList) -> datetime.datetime:
    imported = hash_list.imports.order_by("-pk").values_list("created_at", flat=True).first()
    moments = (imported, hash_list.state_changed_at, hash_list.created_at)
    return max(moment for moment in moments if moment is not None)
