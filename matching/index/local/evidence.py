"""What speaks for a query showing a reference, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

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


ACCEPT_SMALL_PART: Final = SmallPart(inliers=10, e=8.0, e_per_window=1.5)
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
    `good_windows` of the compared `windows` lie within 11 bits.
    """

    inliers: int
    e: float
    good_windows: int
    windows: int
    mirrored: bool


NO_EVIDENCE: Final = Evidence(0, 0.0, 0, 0, False)


def weigh(inliers: int, mirrored: bool, signature: Signature, aligned: Aligned) -> Evidence:
    """Compare the windows of a reference with those the query shows in their place."""
    compared = signature.informative & aligned.visible
    differing = np.bitwise_count(signature.windows[compared] ^ aligned.hashes[compared])
    distances = differing.sum(axis=1, dtype=np.int64)
    e = np.clip((NEUTRAL_DISTANCE - distances) / 3, -1, 3).sum()
    good = int((distances <= GOOD_DISTANCE).sum())
    return Evidence(inliers, float(e), good, len(distances), mirrored)


def decide(evidence: Evidence) -> Band:
    """The two thresholds; `tests.benchmarks.robustness` measures what they find and refuse."""
    if evidence.inliers < MIN_INLIERS:
        return Band.NONE
    if evidence.e >= ACCEPT_E and evidence.good_windows >= ACCEPT_GOOD_WINDOWS:
        return Band.ACCEPT
    if ACCEPT_SMALL_PART.is_met_by(evidence):
        return Band.ACCEPT
    return Band.REVIEW if _deserves_review(evidence) else Band.NONE


def _deserves_review(evidence: Evidence) -> bool:
    many_inliers = evidence.inliers >= REVIEW_INLIERS and evidence.e >= REVIEW_E_WITH_INLIERS
    return evidence.e >= REVIEW_E or many_inliers or REVIEW_SMALL_PART.is_met_by(evidence)
