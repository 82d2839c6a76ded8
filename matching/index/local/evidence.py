"""What speaks for a query showing a reference, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.index.local.shapes import Aligned, Signature

MIN_INLIERS: Final = 3

ACCEPT_E: Final = 20.0
ACCEPT_GOOD_WINDOWS: Final = 4

REVIEW_E: Final = 10.0
REVIEW_INLIERS: Final = 10
REVIEW_E_WITH_INLIERS: Final = 5.0

NEUTRAL_DISTANCE: Final = 14.0
GOOD_DISTANCE: Final = 11


class SmallPart(NamedTuple):
    """A small part shows few windows: less E is enough if they agree throughout.

    Windows of pictures that share no more than a caption do not: `e_per_window` is the least
    that all visible ones must give on average.
    """

    inliers: int
    e: float
    e_per_window: float

    def is_met_by(self, evidence: Evidence) -> bool:
        return (
            evidence.inliers >= self.inliers
            and evidence.e >= self.e
            and evidence.e >= self.e_per_window * evidence.windows
        )


class Corner(NamedTuple):
    """Of a quarter of a picture little is seen whole: windows cut by the edge count as well.

    They alone are not enough, since they are what strangers that share a line of text agree in:
    `windows` that are seen whole must give `e_per_window` each, and all together `e` and
    `e_per_any`.
    """

    inliers: int
    windows: int
    e_per_window: float
    e: float
    e_per_any: float

    def is_met_by(self, evidence: Evidence) -> bool:
        e, windows = evidence.e + evidence.cut_e, evidence.windows + evidence.cut_windows
        return (
            evidence.inliers >= self.inliers
            and evidence.windows >= self.windows
            and evidence.e >= self.e_per_window * evidence.windows
            and e >= max(self.e, self.e_per_any * windows)
        )


ACCEPT_SMALL_PART: Final = SmallPart(inliers=10, e=8.0, e_per_window=1.5)
ACCEPT_CORNERS: Final = (
    Corner(inliers=10, windows=2, e_per_window=2.0, e=10.0, e_per_any=1.5),
    Corner(inliers=5, windows=3, e_per_window=2.0, e=12.0, e_per_any=1.5),
)
REVIEW_SMALL_PART: Final = SmallPart(inliers=5, e=6.0, e_per_window=2.0)


class Band(StrEnum):
    """What may be done with it: act, ask a person, nothing."""

    ACCEPT = "accept"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`inliers`: distinct places that agree on one affine map.

    `e` sums what the visible windows say under that map: 3 for a hash within 5 bits, falling to
    0 at 14 of 64 and to -1 at 17 and beyond; unrelated windows lie about 32 bits apart.
    `good_windows` of the compared `windows` lie within 11 bits. `cut_e` and `cut_windows` are the
    same of windows that the query's edge cuts.
    """

    inliers: int
    e: float
    good_windows: int
    windows: int
    mirrored: bool
    cut_e: float = 0.0
    cut_windows: int = 0


NO_EVIDENCE: Final = Evidence(0, 0.0, 0, 0, False)


def weigh(inliers: int, mirrored: bool, signature: Signature, aligned: Aligned) -> Evidence:
    """Compare the windows of a reference with those the query shows in their place."""
    distances = _distances(signature, aligned, aligned.visible)
    cut = _distances(signature, aligned, aligned.cut)
    good = int((distances <= GOOD_DISTANCE).sum())
    return Evidence(
        inliers, _summed(distances), good, len(distances), mirrored, _summed(cut), len(cut)
    )


def _distances(
    signature: Signature, aligned: Aligned, shown: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """In bits, of those of the windows `shown` (58,) that are worth comparing."""
    compared = signature.informative & shown
    differing = np.bitwise_count(signature.windows[compared] ^ aligned.hashes[compared])
    return np.asarray(differing.sum(axis=1), np.int64)


def _summed(distances: NDArray[np.int64]) -> float:
    return float(np.clip((NEUTRAL_DISTANCE - distances) / 3, -1, 3).sum())


def decide(evidence: Evidence) -> Band:
    """The two thresholds; `tests.benchmarks.robustness` measures what they find and refuse."""
    if evidence.inliers < MIN_INLIERS:
        return Band.NONE
    if evidence.e >= ACCEPT_E and evidence.good_windows >= ACCEPT_GOOD_WINDOWS:
        return Band.ACCEPT
    if any(rule.is_met_by(evidence) for rule in (ACCEPT_SMALL_PART, *ACCEPT_CORNERS)):
        return Band.ACCEPT
    return Band.REVIEW if _deserves_review(evidence) else Band.NONE


def _deserves_review(evidence: Evidence) -> bool:
    many_inliers = evidence.inliers >= REVIEW_INLIERS and evidence.e >= REVIEW_E_WITH_INLIERS
    return evidence.e >= REVIEW_E or many_inliers or REVIEW_SMALL_PART.is_met_by(evidence)
