"""Build, publish, load and refresh the live index of PDQ hashes and digests.

A snapshot holds every searchable hash of one lists version in immutable, memory-mapped files.
Each process adds the hashes of later versions to a delta of its own. Before every search the
version in the database is compared with the one in memory, so an approval is found by the very
next request of any process. Retirement needs no word to the index at all: what the index finds
is looked up in the database, which alone knows what is in force.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from numpy.typing import NDArray

from matching.hashing import Digests
from matching.index import (
    DeltaIndex,
    DigestIndex,
    HammingIndex,
    IndexDamaged,
    IndexMissing,
    Neighbours,
    build,
    build_digests,
    is_former,
    prefixes_of,
    remove,
)
from matching.indexed import NO_HASHES, all_hashes, hashes_of
from matching.models import HashEntry, HashEntryQuerySet, ListsVersion, Snapshot
from tenants.audit.record import Actor, record

REBUILD_AFTER = 1_000  # changed entries; a delta of 10,000 hashes costs a search about 10 µs
SNAPSHOTS_KEPT = 2  # the published one, and the one that slower processes still read
FAR_BEHIND = 20_000  # changed entries that a request would wait for longer than for the files

logger = logging.getLogger(__name__)


class IndexUnavailable(Exception):
    """Nothing can be searched: no answer may be given, least of all `no_known_match`."""


@dataclass(slots=True)
class LoadedIndex:
    """A base and a delta that together hold every searchable hash up to `version`.

    `digests` holds those of both; None beside a snapshot of a release that knew of none.
    """

    base: HammingIndex | None
    snapshot_id: int
    version: int
    delta: DeltaIndex
    digests: DigestIndex | None

    def search(self, queries: NDArray[np.uint8], radius: int) -> dict[bytes, int]:
        """Every hash within `radius` bits of one of `queries` (n, 32), with its least distance."""
        parts = [part for part in (self.base, self.delta) if part is not None and len(part)]
        return dict(Neighbours.union(p.search_any(queries, radius) for p in parts).pairs())

    def may_list(self, digests: Digests) -> bool:
        """Whether some entry, in force or not, may carry one of these; if not, none does."""
        if self.digests is None:
            return True
        given = (digests.sha256, digests.sha1, digests.md5)
        return self.digests.may_hold([digest for digest in given if digest])

    def catch_up(self, current: ListsVersion) -> None:
        # No upper bound: an entry that changed again since `current` was read must not be missed.
        for hashes, prefixes in hashes_of(self._changed()):
            self.delta.add(hashes)
            if self.digests is not None:
                self.digests.add(prefixes)
        self.version = max(self.version, current.version)

    def lags_far(self) -> bool:
        """Whether so much changed that opening the new snapshot is quicker than catching up."""
        return self._changed().order_by()[:FAR_BEHIND].count() == FAR_BEHIND

    def _changed(self) -> HashEntryQuerySet:
        return HashEntry.objects.searchable().filter(changed_version__gt=self.version)


class LiveIndex:
    """What this process searches in: loaded at first use, caught up with the database after."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: LoadedIndex | None = None
        self._awaited = 0  # the snapshot that is being opened aside, or was refused
        self.damage = ""

    def at(self, current: ListsVersion) -> LoadedIndex:
        """The index, caught up with `current`.

        Raises IndexUnavailable when the published snapshot can not be read and none is loaded.
        """
        loaded = self._loaded
        if loaded is None or not self._covers(loaded, current):
            with self._lock:
                loaded = self._refreshed(current)
        return loaded

    def unload(self) -> None:
        """Forget everything: the next search loads anew."""
        with self._lock:
            self._loaded, self._awaited, self.damage = None, 0, ""

    def _covers(self, loaded: LoadedIndex, current: ListsVersion) -> bool:
        newest = max(loaded.snapshot_id, self._awaited)
        return loaded.version >= current.version and newest >= (current.snapshot_id or 0)

    def _refreshed(self, current: ListsVersion) -> LoadedIndex:
        loaded = self._loaded
        if loaded is None:
            loaded = self._opened(current.snapshot_id)
        elif max(loaded.snapshot_id, self._awaited) < (current.snapshot_id or 0):
            loaded = self._succeeded(loaded, current.snapshot_id or 0)
        loaded.catch_up(current)
        self._loaded = loaded  # only now, so that no search ever sees it half filled
        return loaded

    def _succeeded(self, loaded: LoadedIndex, snapshot_id: int) -> LoadedIndex:
        """What takes the place of `loaded` now that a new snapshot is published.

        `loaded` itself for the moment, when its delta can take what is new: then the files are
        read and checked aside, and no request waits for it.
        """
        self._awaited = snapshot_id
        if loaded.lags_far():
            try:
                return self._opened(snapshot_id)
            except IndexUnavailable:
                return loaded  # with its delta it answers as exactly as the new one would
        threading.Thread(target=self._open_aside, args=(snapshot_id,), daemon=True).start()
        return loaded

    def _open_aside(self, snapshot_id: int) -> None:
        try:
            opened = self._opened(snapshot_id)
            opened.catch_up(ListsVersion.objects.get())
            with self._lock:
                opened.catch_up(ListsVersion.objects.get())
                self._loaded = opened
        except IndexUnavailable:
            pass  # told by `damage`; the loaded snapshot and its delta go on
        except (DatabaseError, Snapshot.DoesNotExist) as error:
            logger.warning("snapshot %s is to be opened again: %s", snapshot_id, error)
            self._awaited = 0
        finally:
            connection.close()

    def _opened(self, snapshot_id: int | None) -> LoadedIndex:
        """The published snapshot, checked, with an empty delta. Raises IndexUnavailable."""
        if snapshot_id is None:
            nothing = DigestIndex(prefixes_of([]))
            return LoadedIndex(None, 0, version=0, delta=DeltaIndex(), digests=nothing)
        snapshot = Snapshot.objects.get(pk=snapshot_id)
        try:
            base = HammingIndex.open(index_directory(snapshot))
            digests = _opened_digests(snapshot)
        except (IndexDamaged, IndexMissing) as error:
            self.damage = str(error)
            logger.error("snapshot %s is refused: %s", snapshot.directory, error)
            raise IndexUnavailable(self.damage) from error
        self.damage = ""
        return LoadedIndex(base, snapshot.pk, snapshot.version, DeltaIndex(), digests)


live = LiveIndex()


def index_directory(snapshot: Snapshot) -> Path:
    return Path(settings.INDEX_DIR) / snapshot.directory


def digests_directory(snapshot: Snapshot) -> Path:
    return Path(settings.INDEX_DIR) / f"{snapshot.directory}-digests"


def _opened_digests(snapshot: Snapshot) -> DigestIndex | None:
    """None without any: then the database is asked for every digest. Raises IndexDamaged."""
    try:
        return DigestIndex.open(digests_directory(snapshot))
    except IndexMissing:
        return None


def is_rebuild_due() -> bool:
    """Whether enough entries changed since the published snapshot to be worth a new one.

    One of an earlier release is always replaced: each process makes tables for it of its own, or
    asks the database for every digest.
    """
    current = ListsVersion.objects.select_related("snapshot").get()
    if current.snapshot and _is_former(current.snapshot):
        return True
    since = current.snapshot.version if current.snapshot else 0
    changed = HashEntry.objects.searchable().filter(changed_version__gt=since)
    return changed.order_by()[:REBUILD_AFTER].count() == REBUILD_AFTER


def _is_former(snapshot: Snapshot) -> bool:
    try:
        return is_former(index_directory(snapshot)) or not digests_directory(snapshot).is_dir()
    except (IndexDamaged, IndexMissing):
        return False  # for whoever opens it to tell; new files would hide what happened


def build_and_publish(*, actor: Actor) -> Snapshot:
    """Write a snapshot of the lists as they stand, and make every process use it.

    Inside a transaction that changed entries, the snapshot holds those changes and becomes
    visible together with them: a large import is searchable at once, without a large delta.
    """
    with transaction.atomic():
        version = ListsVersion.objects.get().version
        chunks = [NO_HASHES, *all_hashes()]
        hashes, prefixes = (np.concatenate(part) for part in zip(*chunks, strict=True))
        snapshot = Snapshot(version=version, directory=f"v{version}-{time.time_ns()}")
        snapshot.hashes = build(hashes, index_directory(snapshot), version=version)
        build_digests(prefixes, digests_directory(snapshot), version=version)
        snapshot.save()
        ListsVersion.objects.update(snapshot=snapshot)
        record(
            action="snapshot.published",
            actor=actor,
            target=snapshot.directory,
            data={"version": version},
        )
    transaction.on_commit(_remove_old_files)
    return snapshot


def _remove_old_files() -> None:
    for snapshot in Snapshot.objects.order_by("-pk")[SNAPSHOTS_KEPT : SNAPSHOTS_KEPT + 10]:
        remove(index_directory(snapshot))
        remove(digests_directory(snapshot))
