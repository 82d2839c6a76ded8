"""PhotoDNA values that lists carry, searched exactly by their squared Euclidean distance.

PhotoDNA itself is licensed by Microsoft and not made here: values come from lists, and from tenants
whose own software makes them. A process loads them at the first such look-up and keeps up from
there, 144 bytes an entry; what it finds is looked up in the database, which knows what is in force.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.index import SquaredL2Index
from matching.models import EntryState, HashEntry, ListsVersion

VALUE_BYTES: Final = 144
_READ_CHUNK: Final = 50_000


@dataclass(frozen=True, slots=True)
class LoadedValues:
    """Every searchable value up to `version`; row k of `index` is the entry `keys[k]`."""

    keys: NDArray[np.int64]
    values: NDArray[np.uint8]
    version: int

    def __len__(self) -> int:
        return len(self.keys)

    def search(self, value: bytes, threshold: int) -> dict[int, int]:
        """Entries, in force or not, within the squared distance, with their least one."""
        query = np.frombuffer(value, np.uint8)
        rows, distances = SquaredL2Index(self.values).search(query, threshold)
        found: dict[int, int] = {}
        for key, distance in zip(self.keys[rows].tolist(), distances.tolist(), strict=True):
            found[key] = min(distance, found.get(key, distance))
        return found


_EMPTY: Final = LoadedValues(np.empty(0, np.int64), np.empty((0, VALUE_BYTES), np.uint8), -1)


class LiveValues:
    """What this process searches in, caught up with the lists version of each question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded = _EMPTY

    def at(self, current: ListsVersion) -> LoadedValues:
        loaded = self._loaded
        if loaded.version < current.version:
            with self._lock:
                loaded = self._loaded = self._caught_up(self._loaded, current)
        return loaded

    def unload(self) -> None:
        """Forget everything: the next look-up loads anew."""
        with self._lock:
            self._loaded = _EMPTY

    def _caught_up(self, loaded: LoadedValues, current: ListsVersion) -> LoadedValues:
        # No upper bound: an entry that changed again since `current` was read must not be missed.
        changed = HashEntry.objects.filter(
            photodna__isnull=False,
            state__in=[EntryState.ACTIVE, EntryState.SUSPENDED],
            changed_version__gt=loaded.version,
        )
        rows = list(
            changed.order_by().values_list("pk", "photodna").iterator(chunk_size=_READ_CHUNK)
        )
        keys = np.array([key for key, _ in rows], np.int64)
        values = b"".join(bytes(value) for _, value in rows if value)
        return LoadedValues(
            np.concatenate([loaded.keys, keys]),
            np.concatenate(
                [loaded.values, np.frombuffer(values, np.uint8).reshape(-1, VALUE_BYTES)]
            ),
            max(loaded.version, current.version),
        )


live_photodna = LiveValues()
