"""Which digests are surely on no list? Exact about that, memory-mapped, free of Django.

Of each digest its first 8 bytes are kept, whatever made it, so that nearly every look-up ends here.
Those of two digests may coincide: what is held has to be looked up where the digests are whole.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.index.store import META, IndexDamaged, Meta, load, publishing

KIND: Final = "digests"
PREFIX_BYTES: Final = 8
Prefixes = NDArray[np.uint64]


def prefixes_of(digests: Iterable[bytes]) -> Prefixes:
    """The beginnings of digests of at least 8 bytes, as little-endian numbers (n,)."""
    return np.frombuffer(b"".join([digest[:PREFIX_BYTES] for digest in digests]), "<u8")


class DigestIndex:
    """An immutable set of digests in the files of a snapshot, and what was added to it since.

    Searches and additions may run in any threads; processes share the memory of the files.
    """

    def __init__(self, prefixes: Prefixes) -> None:
        """`prefixes` is sorted."""
        self._sorted = prefixes
        self._adding = threading.Lock()
        self._added: frozenset[int] = frozenset()

    @classmethod
    def open(cls, directory: Path, *, verify: bool = True) -> DigestIndex:
        """Map a snapshot that `build_digests` wrote. Raises IndexMissing and IndexDamaged."""
        snapshot = load(directory, kind=KIND, verify=verify)
        content = snapshot.arrays.get("prefixes")
        if content is None or len(content) != snapshot.meta.count * PREFIX_BYTES:
            raise IndexDamaged(directory / META, "does not fit the files it names")
        return cls(content.view("<u8"))

    def __len__(self) -> int:
        return len(self._sorted) + len(self._added)

    def add(self, prefixes: Prefixes) -> None:
        """Hold these as well; searches see them on return."""
        with self._adding:
            self._added |= {*prefixes.tolist()}

    def may_hold(self, digests: Sequence[bytes]) -> bool:
        """Whether one of the digests may be held; if not, none of them is."""
        if not digests:
            return False
        asked = prefixes_of(digests)
        if self._added and not self._added.isdisjoint(asked.tolist()):
            return True
        if not len(self._sorted):
            return False
        places = self._sorted.searchsorted(asked)
        return bool((self._sorted.take(places, mode="clip") == asked).any())


def build_digests(
    prefixes: Prefixes, directory: Path, *, version: int = 0, created_at: datetime | None = None
) -> int:
    """Write a snapshot of prefixes (n,) in any order; returns how many are distinct.

    Raises FileExistsError if there is a snapshot.
    """
    distinct = np.unique(prefixes)
    meta = Meta(KIND, len(distinct), version=version, created_at=created_at)
    with publishing(directory, meta) as writer:
        writer.write("prefixes", [distinct])
    return len(distinct)
