"""Whether two samples of times can be told apart, without assuming how they are distributed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
CONFIDENCE = 0.95

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Apart:
    """How `those` differ from `these`.

    `median` is the difference of medians with its confidence interval `low` to `high`; `longer` is
    the probability that one of those took longer than one of these (0.5: nothing to be seen), and
    `p` how often chance alone would give a `longer` as far from 0.5 (Mann-Whitney, two-sided).
    """

    median: float
    low: float
    high: float
    longer: float
    p: float


def apart(these: Times, those: Times, random: np.random.Generator) -> Apart:
    """`those` against `these`, in their unit; the interval by bootstrap, both samples redrawn."""
    redrawn = _medians(those, random) - _medians(these, random)
    low, high = _interval(redrawn)
    longer, p = mann_whitney(these, those)
    return Apart(float(np.median(those) - np.median(these)), low, high, longer, p)


def median_interval(times: Times, random: np.random.Generator) -> tuple[float, float]:
    """The confidence interval of the median, by bootstrap."""
    return _interval(_medians(times, random))


def mann_whitney(these: Times, those: Times) -> tuple[float, float]:
    """The probability that one of `those` is longer than one of `these`, ties as halves, and p.

    By the normal approximation with its correction for ties: Lehmann, Nonparametrics (1975), 1.5.
    """
    n, m = len(these), len(those)
    _, places, counts = np.unique(
        np.concatenate([these, those]), return_inverse=True, return_counts=True
    )
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    u = float(mean_ranks[places[n:]].sum()) - m * (m + 1) / 2
    tied = float((counts.astype(float) ** 3 - counts).sum()) / ((n + m) * (n + m - 1))
    deviation = math.sqrt(n * m / 12 * (n + m + 1 - tied))
    z = (u - n * m / 2) / deviation if deviation else 0.0
    return u / (n * m), math.erfc(abs(z) / math.sqrt(2))


def holm(chances: Sequence[float]) -> list[float]:
    """The same p values, each corrected for their number (Holm, 1979), in the same order."""
    corrected, most = [0.0] * len(chances), 0.0
    for place, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        most = max(most, min(1.0, chances[index] * (len(chances) - place)))
        corrected[index] = most
    return corrected


def _medians(times: Times, random: np.random.Generator) -> Times:
    drawn = random.integers(len(times), size=(RESAMPLES, len(times)), dtype=np.int32)
    return np.asarray(np.median(times[drawn], axis=1), dtype=np.float64)


def _interval(drawn: Times) -> tuple[float, float]:
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
