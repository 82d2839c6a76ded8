"""Verification finds the map it was given, and refuses what only looks alike."""

from __future__ import annotations

import numpy as np
import pytest

from matching.index.local import verify
from tests.matching.index.local.made import HEIGHT, WIDTH, showing, signature

CORNERS = np.array([[0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT]], np.float64)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 0.0), (0.5, 30.0), (1.7, -120.0)])
def test_map_between_reference_and_query_is_found(
    scale: float, degrees: float, mirrored: bool
) -> None:
    known = signature(1)
    query = showing(known, scale=scale, degrees=degrees, shift=(40, -25), mirrored=mirrored)
    evidence = verify(query, known)
    assert evidence.inliers >= 90
    assert evidence.mirrored is mirrored
    turn = np.radians(degrees)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if mirrored:
        linear[:, 0] = -linear[:, 0]
    affine = query.asked[0]
    expected = CORNERS @ linear.T + [40, -25]
    np.testing.assert_allclose(CORNERS @ affine[:, :2].T + affine[:, 2], expected, atol=1.0)


def test_stretched_copy_is_found_by_an_affine_map() -> None:
    known = signature(2)
    query = showing(known)
    query.geometry[:, 0] *= 0.75
    affine_evidence = verify(query, known)
    assert affine_evidence.inliers >= 60
    np.testing.assert_allclose(query.asked[0][:, 0], [0.75, 0], atol=0.02)


def test_unrelated_query_has_no_inliers() -> None:
    assert verify(showing(signature(3)), signature(4)).inliers == 0


def test_same_codes_at_other_places_are_no_evidence() -> None:
    known = signature(5)
    query = showing(known)
    rng = np.random.default_rng(0)
    rng.shuffle(query.geometry)
    assert verify(query, known).inliers <= 4


def test_same_keypoints_over_other_windows_weigh_nothing() -> None:
    known = signature(6)
    query = showing(known)
    query.windows[:] = signature(7).windows
    evidence = verify(query, known)
    assert evidence.inliers >= 90
    assert evidence.e == -58
    assert evidence.good_windows == 0


def test_repeated_place_counts_once() -> None:
    known = signature(8, count=4)
    known.codes[:] = known.codes[0]
    known.geometry[:] = known.geometry[0]
    assert verify(showing(known), known).inliers <= 1


@pytest.mark.parametrize("keypoints", [0, 1, 2])
def test_fewer_than_three_places_are_nothing(keypoints: int) -> None:
    known = signature(9)
    assert verify(showing(known, keypoints=keypoints), known).inliers == 0
