"""Local signatures in a memory-mapped snapshot, and those added since."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from matching.index.local.search import (
    MAX_CANDIDATES,
    Candidate,
    LocalMatch,
    find_candidates,
    find_matches,
)
from matching.index.local.shapes import Query, Signature
from matching.index.local.tables import Tables
from matching.index.store import META, IndexDamaged, Meta, load, publishing

KIND = "local1"


class LocalIndex:
    """An immutable set of signatures, searched by any number of threads at once.

    Processes that open the same directory share its memory, about 6 KB a reference.
    """

    def __init__(self, tables: Tables, meta: Meta) -> None:
        self._tables = tables
        self.meta = meta

    @classmethod
    def build(
        cls,
        signatures: Iterable[tuple[int, Signature]],
        directory: Path,
        *,
        version: int = 0,
        created_at: datetime | None = None,
    ) -> int:
        """Write a snapshot of (id, signature) pairs; returns how many there are.

        `version` and `created_at` are kept for whoever opens it. Peak memory is about three
        times the snapshot. Raises FileExistsError if there is a snapshot.
        """
        tables = Tables.of(signatures)
        meta = Meta(KIND, len(tables), len(tables.limits) - 1, version, created_at)
        with publishing(directory, meta) as writer:
            for name, array in tables.arrays():
                writer.write(name, [array])
        return len(tables)

    @classmethod
    def open(cls, directory: Path, *, verify: bool = True) -> LocalIndex:
        """Map a snapshot that `build` wrote; see `store.load` for `verify`.

        Raises IndexMissing and IndexDamaged.
        """
        snapshot = load(directory, kind=KIND, verify=verify)
        try:
            tables = Tables.from_bytes(snapshot.arrays)
        except (KeyError, ValueError) as error:
            raise IndexDamaged(directory / META, "does not fit the files it names") from error
        if not tables.consistent() or len(tables) != snapshot.meta.count:
            raise IndexDamaged(directory / META, "does not fit the files it names")
        return cls(tables, snapshot.meta)

    def __len__(self) -> int:
        """The number of references."""
        return len(self._tables)

    def candidates(self, query: Query, limit: int = MAX_CANDIDATES) -> list[Candidate]:
        """References worth verifying, by the votes of their codes; nothing is decided yet."""
        return find_candidates(self._tables, query, limit)

    def search(
        self, query: Query, *, limit: int = MAX_CANDIDATES, exclude: Collection[int] = ()
    ) -> list[LocalMatch]:
        """The references a query shows, strongest evidence first, without the ids in `exclude`.

        `limit` is the number of candidates that are verified.
        """
        return find_matches(self._tables, query, limit=limit, exclude=exclude)


class LocalDelta:
    """The signatures added since the snapshot; meant for up to a thousand until the next one.

    Every addition arranges all of them anew, about 0.5 s per thousand: add many at once.
    """

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self._signatures: dict[int, Signature] = {}
        self._tables: Tables | None = None

    def __len__(self) -> int:
        """The number of references."""
        return len(self._signatures)

    def add(self, signatures: Iterable[tuple[int, Signature]]) -> None:
        """Add (id, signature) pairs, replacing those of the same id; seen on return."""
        with self._adding:
            self._signatures = {**self._signatures, **dict(signatures)}
            self._tables = Tables.of(self._signatures.items()) if self._signatures else None

    def search(
        self, query: Query, *, limit: int = MAX_CANDIDATES, exclude: Collection[int] = ()
    ) -> list[LocalMatch]:
        """See `LocalIndex.search`."""
        tables = self._tables
        return [] if tables is None else find_matches(tables, query, limit=limit, exclude=exclude)
