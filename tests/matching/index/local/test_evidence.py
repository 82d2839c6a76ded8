"""What window distances weigh, and where the bands begin."""

from __future__ import annotations

import numpy as np
import pytest

from matching.index.local import Band, Evidence, decide
from matching.index.local.evidence import weigh
from tests.matching.index.local.made import MadeAligned, flipped_bits, signature


@pytest.mark.parametrize(
    ("differing", "e", "good"),
    [(0, 3.0, 1), (5, 3.0, 1), (8, 2.0, 1), (11, 1.0, 1), (12, 2 / 3, 0), (32, -1.0, 0)],
)
def test_window_weighs_by_its_distance(differing: int, e: float, good: int) -> None:
    known = signature(1)
    known.informative[1:] = False
    shown = MadeAligned(flipped_bits(known.windows, differing), np.ones(58, np.bool_))
    evidence = weigh(5, False, known, shown)
    assert evidence == Evidence(5, pytest.approx(e), good, 1, False)


def test_windows_out_of_sight_weigh_nothing() -> None:
    known = signature(1)
    visible = np.arange(58) < 7
    evidence = weigh(5, True, known, MadeAligned(known.windows, visible))
    assert evidence == Evidence(5, 21.0, 7, 7, True)


def test_windows_cut_by_the_edge_weigh_apart() -> None:
    known = signature(1)
    whole, cut = np.arange(58) < 2, np.arange(58) >= 50
    evidence = weigh(5, False, known, MadeAligned(known.windows, whole, cut))
    assert evidence == Evidence(5, 6.0, 2, 2, False, 24.0, 8)


@pytest.mark.parametrize(
    ("evidence", "band"),
    [
        (Evidence(10, 6.0, 2, 2, False, 4.0, 4), Band.ACCEPT),
        (Evidence(10, 6.0, 2, 2, False, 3.9, 4), Band.REVIEW),
        (Evidence(10, 6.0, 2, 2, False, 6.0, 7), Band.REVIEW),
        (Evidence(10, 3.9, 2, 2, False, 18.0, 6), Band.NONE),
        (Evidence(10, 3.0, 1, 1, False, 24.0, 8), Band.NONE),
        (Evidence(99, 0.0, 0, 0, False, 99.0, 33), Band.NONE),
        (Evidence(9, 6.0, 2, 2, False, 24.0, 8), Band.REVIEW),
        (Evidence(5, 7.9, 3, 3, False, 4.1, 3), Band.ACCEPT),
        (Evidence(5, 7.9, 3, 3, False, 4.0, 3), Band.REVIEW),
        (Evidence(4, 9.0, 3, 3, False, 24.0, 8), Band.NONE),
        (Evidence(3, 20.0, 4, 58, False), Band.ACCEPT),
        (Evidence(3, 20.0, 3, 58, False), Band.REVIEW),
        (Evidence(3, 19.9, 9, 58, False), Band.REVIEW),
        (Evidence(2, 99.0, 40, 58, False), Band.NONE),
        (Evidence(3, 9.9, 3, 4, False), Band.NONE),
        (Evidence(5, 6.0, 2, 3, False), Band.REVIEW),
        (Evidence(4, 6.0, 2, 3, False), Band.NONE),
        (Evidence(5, 5.9, 2, 2, False), Band.NONE),
        (Evidence(5, 7.9, 4, 4, False), Band.NONE),
        (Evidence(10, 8.0, 4, 5, False), Band.ACCEPT),
        (Evidence(9, 8.0, 4, 5, False), Band.NONE),
        (Evidence(10, 8.0, 4, 6, False), Band.REVIEW),
        (Evidence(78, 14.0, 6, 20, False), Band.REVIEW),
        (Evidence(10, 5.0, 2, 10, False), Band.REVIEW),
        (Evidence(10, 4.9, 2, 10, False), Band.NONE),
    ],
)
def test_bands_begin_where_they_are_documented(evidence: Evidence, band: Band) -> None:
    assert decide(evidence) is band
