"""Exact search over PhotoDNA values: 144 bytes, compared by squared Euclidean distance."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from matching.index.engine import engine
from matching.index.neighbours import Bytes
from matching.index.store import META, IndexDamaged, Meta, load, publishing
from matching.index.tables import Numbers

VALUE_BYTES = 144
KIND = "photodna144"


class SquaredL2Index:
    """PhotoDNA values in the order given; the positions found refer to that order."""

    def __init__(self, values: Bytes, *, compiled: bool = True) -> None:
        """`values` is uint8 (n, 144). Raises ValueError for any other type or shape."""
        self._values = _as_values(values)
        self._engine = engine(compiled=compiled)

    def __len__(self) -> int:
        return len(self._values)

    def search(self, query: Bytes, threshold: int) -> tuple[Numbers, Numbers]:
        """All values within a squared distance of the query, uint8 (144,).

        Gives positions int64 (k,) in rising order and their squared distances int64 (k,).
        Raises ValueError for a negative threshold or another shape.
        """
        if threshold < 0:
            raise ValueError(f"threshold must not be negative, not {threshold}")
        return self._engine.squared_l2(self._values, _as_values(query)[0], threshold)

    def save(
        self, directory: Path, *, version: int = 0, created_at: datetime | None = None
    ) -> None:
        """Write a snapshot; see `store.publishing`."""
        meta = Meta(KIND, len(self), version=version, created_at=created_at)
        with publishing(directory, meta) as writer:
            writer.write("values", [self._values])

    @classmethod
    def open(cls, directory: Path, *, verify: bool = True, compiled: bool = True) -> SquaredL2Index:
        """Map a snapshot that `save` wrote. Raises IndexMissing and IndexDamaged."""
        snapshot = load(directory, kind=KIND, verify=verify)
        values = snapshot.arrays["values"]
        if len(values) != snapshot.meta.count * VALUE_BYTES:
            raise IndexDamaged(directory / META, "does not fit the files it names")
        return cls(values.reshape(-1, VALUE_BYTES), compiled=compiled)


def _as_values(values: Bytes) -> Bytes:
    """Checked, contiguous, aligned and read-only, the one layout the kernel is compiled for."""
    if values.dtype != np.uint8 or values.ndim not in (1, 2) or values.shape[-1] != VALUE_BYTES:
        raise ValueError(
            f"values must be uint8 (n, {VALUE_BYTES}), not {values.dtype} {values.shape}"
        )
    rows = np.ascontiguousarray(values).reshape(-1, VALUE_BYTES).view()
    rows.setflags(write=False)
    return rows
