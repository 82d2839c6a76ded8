"""Does this query show this reference? The strict test that votes only prepare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.index.local.align_kernel import align_all
from matching.index.local.cells import flat_words
from matching.index.local.evidence import MIN_INLIERS, NO_EVIDENCE, Band, Evidence, decide, weigh
from matching.index.local.refinement import is_hopeful, refine
from matching.index.local.shapes import Affine, Aligned, Query, Signature, Words
from matching.index.local.tables import Tables

MOST_REFINED: Final = 2
"""Maps that are refined for one query, those of the weightiest votes: 0.1 s each, and rare."""


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
    hopes = MOST_REFINED
    for number in np.flatnonzero(inliers >= MIN_INLIERS).tolist():
        alignment = Alignment(int(inliers[number]), mirrored[number], affines[number].reshape(2, 3))
        signature = tables.signature(rows[number])
        aligned = query.aligned_windows(alignment.affine, signature.width, signature.height)
        evidence = alignment.weighed(signature, aligned)
        if hopes and decide(evidence) is not Band.ACCEPT and is_hopeful(signature, aligned):
            hopes -= 1
            evidence = max(evidence, alignment.refined(query, signature), key=lambda seen: seen.e)
        yield rows[number], evidence


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """How a reference lies in a query: at so many distinct places, under a map (2, 3)."""

    inliers: int
    mirrored: bool
    affine: Affine

    def weighed(self, signature: Signature, aligned: Aligned) -> Evidence:
        return weigh(self.inliers, self.mirrored, signature, aligned)

    def refined(self, query: Query, signature: Signature) -> Evidence:
        """The evidence under a map that fits the windows better."""
        affine = refine(query, signature, self.affine)
        aligned = query.aligned_windows(affine, signature.width, signature.height)
        return self.weighed(signature, aligned)
