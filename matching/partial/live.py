"""What this process searches parts in: segments, and a delta of what was approved meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.db import connection

from matching.hashing import SignalInvalid
from matching.hashing.local import Extracted
from matching.hashing.local.query import QueryFeatures
from matching.index import IndexDamaged, IndexMissing
from matching.index.local import LocalDelta, LocalIndex, LocalMatch
from matching.models import EntryState, HashEntry, ListsVersion, LocalSegment, LocalSignature
from matching.partial.building import index_directory
from matching.partial.rows import waiting_signatures
from matching.partial.sealing import SignatureUnreadable
from tenants.reads import composed

# In one statement, so that no signature is missed on its way from the delta into a segment.
_STATE: Final = composed(
    """
    SELECT ARRAY(SELECT directory::text FROM {segment} WHERE replaced_at IS NULL ORDER BY id),
           ARRAY(SELECT signature.id FROM {signature} AS signature
                   JOIN {entry} AS entry ON entry.id = signature.entry_id
                  WHERE signature.segment_id IS NULL AND entry.state = %s)
    """,
    {"segment": LocalSegment, "signature": LocalSignature, "entry": HashEntry},
)

MOST_TRIES: Final = 5

_searching = threading.BoundedSemaphore(settings.PARTIAL_PROCESSES)

logger = logging.getLogger(__name__)


class PartialIndexUnavailable(Exception):
    """Parts can not be searched: no answer may be given that says they were."""


@dataclass(frozen=True, slots=True)
class LoadedPartial:
    """Segments and a delta that together hold every signature in force at `version`."""

    version: int = -1
    segments: Mapping[str, LocalIndex] = field(default_factory=dict)
    delta: LocalDelta = field(default_factory=LocalDelta)
    in_delta: frozenset[int] = frozenset()

    def search(self, pictures: Sequence[Extracted]) -> dict[int, LocalMatch]:
        """The signatures that one of the pictures shows, by key, with the strongest evidence."""
        best: dict[int, LocalMatch] = {}
        for picture in pictures:
            for match in self._matches(QueryFeatures.of(picture)):
                known = best.get(match.id)
                if known is None or match.evidence.e > known.evidence.e:
                    best[match.id] = match
        return best

    def _matches(self, picture: QueryFeatures) -> Iterator[LocalMatch]:
        with _searching:
            for segment in self.segments.values():
                yield from segment.search(picture)
            yield from self.delta.search(picture)


class LivePartial:
    """Loaded when parts are first asked for, caught up with the database before every search."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded = LoadedPartial()
        self.damage = ""

    def at(self, current: ListsVersion) -> LoadedPartial:
        """What is searched, caught up with `current`. Raises PartialIndexUnavailable."""
        if self._loaded.version < current.version:
            with self._lock:
                if self._loaded.version < current.version:
                    self._loaded = self._refreshed(current.version)
        return self._loaded

    def unload(self) -> None:
        """Forget everything: the next search loads anew."""
        with self._lock:
            self._loaded, self.damage = LoadedPartial(), ""

    def _refreshed(self, version: int) -> LoadedPartial:
        before = self._loaded
        for _ in range(MOST_TRIES):
            directories, wanted = _state()
            delta = self._caught_up(before, wanted)
            if delta is not None:
                segments = {
                    name: before.segments.get(name) or self._opened(name) for name in directories
                }
                self.damage = ""
                return LoadedPartial(version, segments, delta, wanted)
        raise PartialIndexUnavailable("the signatures change faster than they can be read")

    def _opened(self, name: str) -> LocalIndex:
        """A segment, checked: also what it was published with, byte by byte."""
        try:
            return LocalIndex.open(index_directory(name))
        except (IndexDamaged, IndexMissing) as error:
            raise self._refusal(f"segment {name} is damaged or missing", error) from error

    def _caught_up(self, before: LoadedPartial, wanted: frozenset[int]) -> LocalDelta | None:
        try:
            return _delta(before, wanted)
        except (SignatureUnreadable, SignalInvalid) as error:
            raise self._refusal("a local signature can not be read", error) from error

    def _refusal(self, damage: str, error: Exception) -> PartialIndexUnavailable:
        self.damage = damage
        logger.error("%s: %s", damage, error)
        return PartialIndexUnavailable(damage)


def _state() -> tuple[list[str], frozenset[int]]:
    """The segments in use, and the keys of the signatures in force that are in none."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [EntryState.ACTIVE.value])
        directories, waiting = cursor.fetchone() or ([], [])
    return directories, frozenset(waiting)


def _delta(before: LoadedPartial, wanted: frozenset[int]) -> LocalDelta | None:
    """The signatures in `wanted`: those of before and what is new, unless some went elsewhere.

    None if some of them went into a segment, or out of force, since they were looked for.
    """
    if wanted == before.in_delta:
        return before.delta
    keeps = before.in_delta <= wanted
    missing = wanted - before.in_delta if keeps else wanted
    read = waiting_signatures(missing)
    if read.keys() != missing:
        return None
    delta = before.delta if keeps else LocalDelta()
    delta.add(read.items())
    return delta


live_partial = LivePartial()
