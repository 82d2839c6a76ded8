"""A share, and how sure one may be of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

Z_95: Final = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `of`; the share lies between `low` and `high` with 95 % confidence."""

    count: int
    of: int
    rate: float | None
    low: float
    high: float


def wilson(count: int, of: int) -> Rate:
    """The share `count / of` with its Wilson score interval (E. B. Wilson, JASA 22, 1927).

    Other than the usual interval it holds for small numbers and for a count of 0. Of nothing at
    all nothing is known: the interval is 0 to 1 and the rate None. Raises ValueError unless
    0 <= count <= of.
    """
    if not 0 <= count <= of:
        raise ValueError("a part can not be larger than the whole")
    if of == 0:
        return Rate(0, 0, None, 0.0, 1.0)
    share, square = count / of, Z_95**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z_95 / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    return Rate(count, of, share, max(0.0, middle - half), min(1.0, middle + half))
