"""What came into force with a run, indexed so that the past can be run through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from matching.hashing import PDQ_RADIUS
from matching.index import BulkIndex
from matching.lookback.retained import DIGESTS, Lot
from matching.models import EntryState, HashEntry, ListEffect, ListState, LookbackRun, searched_pdq

READ_AT_ONCE: Final = 50_000


class News:
    """The signals of entries that are in force since a run's versions."""

    def __init__(self, run: LookbackRun) -> None:
        pdq: set[bytes] = set()
        heads: set[bytes] = set()
        for *digests, value, quality, trimmed in _rows(run):
            pdq.update(searched_pdq(value, quality, trimmed))
            heads.update(bytes(digest)[:8] for digest in digests if digest)
        self._index = BulkIndex(np.frombuffer(b"".join(pdq), np.uint8).reshape(-1, 32))
        self._heads: NDArray[np.uint64] = np.unique(np.frombuffer(b"".join(heads), np.uint64))

    def __bool__(self) -> bool:
        return len(self._index) > 0 or len(self._heads) > 0

    def may_match(self, lot: Lot) -> set[int]:
        """The retained rows that are worth judging anew: all that match, and hardly any other."""
        return self.near(lot) | self.alike(lot)

    def near(self, lot: Lot) -> set[int]:
        """Retained rows with a PDQ value within the radius of a new one."""
        if not len(self._index) or not len(lot.pdq):
            return set()
        return set(lot.rows_of_pdq[self._index.hits(lot.pdq, PDQ_RADIUS).owners].tolist())

    def alike(self, lot: Lot) -> set[int]:
        """Retained rows with a digest that begins like a new one: 8 bytes tell nearly all apart."""
        if not len(self._heads):
            return set()
        return {row for name in DIGESTS for row in lot.rows[np.isin(lot.heads[name], self._heads)]}


def _rows(run: LookbackRun) -> Iterator[tuple[Any, ...]]:
    changed = Q(changed_version__gt=run.from_version, changed_version__lte=run.to_version) | Q(
        hash_list__changed_version__gt=run.from_version,
        hash_list__changed_version__lte=run.to_version,
    )
    found = HashEntry.objects.filter(
        changed,
        state=EntryState.ACTIVE,
        hash_list__state=ListState.ACTIVE,
        hash_list__effect=ListEffect.MATCH,
    )
    fields = (*DIGESTS, "pdq", "pdq_quality", "pdq_trimmed")
    return found.order_by().values_list(*fields).iterator(READ_AT_ONCE)
