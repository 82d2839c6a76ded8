"""The arrays a search reads, in memory or mapped from a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from matching.index.local.cells import flat_words, train_cells
from matching.index.local.shapes import (
    CODE_BYTES,
    GEOMETRY_BYTES,
    WINDOW_BYTES,
    WINDOWS,
    Bytes,
    Numbers,
    Places,
    Signature,
    Words,
)


@dataclass(frozen=True, slots=True, eq=False)
class StoredSignature:
    """A reference read back from the tables; see `shapes.Signature`."""

    codes: Bytes
    geometry: Bytes
    windows: Bytes
    informative: NDArray[np.bool_]
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """n codes of r references, as flat arrays.

    In the order of their cell: `words` (n * 4,), `geometry` (n * 4,), `rows` (n,) the reference
    of each code. By reference: `ids` (r,), `starts` (r + 1,) into `positions` (n,), which names
    where each of its codes stands; `windows` (r * 464,), `masks` (r * 58,), `sides` (r * 2,)
    width and height. The cells: `tops`, `centres` and `limits` (cells + 1,).
    """

    words: Words
    geometry: Bytes
    rows: Places
    ids: Numbers
    starts: Numbers
    positions: Places
    windows: Bytes
    masks: Bytes
    sides: Places
    tops: Words
    centres: Words
    limits: Numbers

    @classmethod
    def of(cls, references: Iterable[tuple[int, Signature]]) -> Self:
        """Arrange references, (id, signature), for searching."""
        ids, signatures = _split(references)
        codes = _joined((s.codes for s in signatures), CODE_BYTES)
        counts = np.array([len(s.codes) for s in signatures], np.int64)
        cells = train_cells(codes)
        cell = cells.assign(codes)
        order = np.argsort(cell, kind="stable")
        positions = np.empty(len(codes), np.int32)
        positions[order] = np.arange(len(codes), dtype=np.int32)
        rows = np.repeat(np.arange(len(ids), dtype=np.int32), counts)
        geometry = _joined((s.geometry for s in signatures), GEOMETRY_BYTES)
        masks = _joined((s.informative.astype(np.uint8)[None] for s in signatures), WINDOWS)
        windows = _joined((s.windows for s in signatures), WINDOW_BYTES)
        sides = np.array([(s.width, s.height) for s in signatures], np.int32)
        return cls(
            words=flat_words(codes[order]),
            geometry=_frozen(geometry[order]),
            rows=_frozen(rows[order]),
            ids=_frozen(np.array(ids, np.int64)),
            starts=_frozen(np.concatenate([[0], np.cumsum(counts)])),
            positions=_frozen(positions),
            windows=_frozen(windows),
            masks=_frozen(masks),
            sides=_frozen(sides),
            tops=cells.tops,
            centres=cells.centres,
            limits=_frozen(np.searchsorted(cell[order], np.arange(len(cells) + 1))),
        )

    @classmethod
    def from_bytes(cls, arrays: Mapping[str, Bytes]) -> Self:
        """View the files of a snapshot; raise KeyError or ValueError if they do not fit."""
        return cls(**{name: arrays[name].view(dtype) for name, dtype in DTYPES.items()})

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """All arrays by name, as `from_bytes` takes them."""
        for field in fields(self):
            yield field.name, getattr(self, field.name)

    def __len__(self) -> int:
        """The number of references."""
        return len(self.ids)

    def signature(self, row: int) -> StoredSignature:
        """One reference as it was given."""
        places = self.positions[self.starts[row] : self.starts[row + 1]]
        width, height = self.sides[2 * row : 2 * row + 2].tolist()
        span = WINDOWS * WINDOW_BYTES
        return StoredSignature(
            codes=self.words.reshape(-1, 4)[places].view(np.uint8),
            geometry=self.geometry.reshape(-1, GEOMETRY_BYTES)[places],
            windows=self.windows[span * row : span * (row + 1)].reshape(WINDOWS, WINDOW_BYTES),
            informative=self.masks[WINDOWS * row : WINDOWS * (row + 1)].view(np.bool_),
            width=width,
            height=height,
        )

    def consistent(self) -> bool:
        """Whether lengths and references between the arrays fit, so that no search leaves them."""
        codes, references = len(self.rows), len(self.ids)
        lengths = (
            len(self.words) == 4 * codes
            and len(self.geometry) == GEOMETRY_BYTES * codes
            and len(self.positions) == codes
            and len(self.starts) == references + 1
            and len(self.windows) == WINDOWS * WINDOW_BYTES * references
            and len(self.masks) == WINDOWS * references
            and len(self.sides) == 2 * references
            and len(self.tops) > 0
            and len(self.centres) % len(self.tops) == 0
            and len(self.limits) == len(self.centres) // 4 + 1
        )
        return lengths and int(self.starts[-1]) == codes == int(self.limits[-1])


DTYPES: Mapping[str, type[np.generic]] = {
    "words": np.uint64,
    "geometry": np.uint8,
    "rows": np.int32,
    "ids": np.int64,
    "starts": np.int64,
    "positions": np.int32,
    "windows": np.uint8,
    "masks": np.uint8,
    "sides": np.int32,
    "tops": np.uint64,
    "centres": np.uint64,
    "limits": np.int64,
}


def _split(
    references: Iterable[tuple[int, Signature]],
) -> tuple[list[int], Sequence[Signature]]:
    ids, signatures = [], []
    for identity, signature in references:
        ids.append(identity)
        signatures.append(signature)
    return ids, signatures


def _joined(pieces: Iterable[Bytes], width: int) -> Bytes:
    """Pieces (k, width) one below the other; (0, width) of none."""
    return np.concatenate([np.empty((0, width), np.uint8), *pieces])


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    flat = np.ascontiguousarray(array).reshape(-1)
    flat.setflags(write=False)
    return flat
