"""The interval of a share, against values computed elsewhere."""

from __future__ import annotations

import pytest

from matching.reports.rates import wilson


# Solutions of the quadratic equation (share - p)^2 = z^2 p (1 - p) / of, worked out apart.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(2, 102, 0.005394, 0.068693), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0)],
)
def test_interval_is_that_of_wilsons_score(count, of, low, high):
    rate = wilson(count, of)

    assert (rate.low, rate.high) == pytest.approx((low, high), abs=1e-5)


def test_bounds_solve_the_equation_they_are_defined_by():
    """A bound p is where the observed share is 1.96 standard errors of p away from p."""
    rate = wilson(7, 50)
    for bound in (rate.low, rate.high):
        error = (bound * (1 - bound) / 50) ** 0.5
        assert abs(0.14 - bound) / error == pytest.approx(1.959964, abs=1e-6)


def test_of_nothing_nothing_is_known():
    assert (wilson(0, 0).rate, wilson(0, 0).low, wilson(0, 0).high) == (None, 0.0, 1.0)


def test_part_larger_than_the_whole_is_refused():
    with pytest.raises(ValueError, match="larger"):
        wilson(2, 1)
