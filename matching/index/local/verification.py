"""Does this query show this reference? The strict test that votes only prepare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.index.local.align_kernel import align_all
from matching.index.local.cells import flat_words
from matching.index.local.evidence import MIN_INLIERS, NO_EVIDENCE, Evidence, weigh
from matching.index.local.shapes import Query, Signature, Words
from matching.index.local.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class QueryArrays:
    """A query as the kernels read it: words (m, 4) and places float64 (m, 4)."""

    codes: Words
    mirrored: Words
    shown: NDArray[np.float64]

    @classmethod
    def of(cls, query: Query) -> QueryArrays:
        return cls(
            flat_words(query.codes).reshape(-1, 4),
            flat_words(query.mirrored).reshape(-1, 4),
            np.ascontiguousarray(query.geometry, np.float64),
        )


def verify(query: Query, signature: Signature) -> Evidence:
    """The stronger evidence of the two: the query as it is, and mirrored."""
    tables = Tables.of([(0, signature)])
    found = (e for _, e in verify_rows(tables, query, [0, 0], [False, True]))
    return max(found, key=lambda evidence: (evidence.e, evidence.inliers), default=NO_EVIDENCE)


def verify_rows(
    tables: Tables,
    query: Query,
    rows: Sequence[int],
    mirrored: Sequence[bool],
) -> Iterator[tuple[int, Evidence]]:
    """(row, evidence) of those candidates that the query shows at 3 places or more."""
    arrays = QueryArrays.of(query)
    inliers = np.zeros(len(rows), np.int32)
    affines = np.zeros((len(rows), 6), np.float64)
    align_all(
        tables.words,
        tables.geometry,
        tables.positions,
        tables.starts,
        tables.sides.reshape(-1, 2),
        np.array(rows, np.int64),
        np.array(mirrored, np.bool_),
        arrays.codes,
        arrays.mirrored,
        arrays.shown,
        inliers,
        affines,
    )
    for number in np.flatnonzero(inliers >= MIN_INLIERS).tolist():
        signature = tables.signature(rows[number])
        affine = affines[number].reshape(2, 3)
        aligned = query.aligned_windows(affine, signature.width, signature.height)
        yield rows[number], weigh(int(inliers[number]), mirrored[number], signature, aligned)
