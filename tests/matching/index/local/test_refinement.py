"""Maps that are some pixels off are brought where the windows agree."""

from __future__ import annotations

import numpy as np
import pytest

from matching.index.local.refinement import is_hopeful, refine
from tests.local import query_local, register_local
from tests.pictures import render_picture

FRAME = np.array([[0, 0], [512, 0], [0, 384], [512, 384]], np.float64)
TRUE = np.array([[480 / 512, 0, 0], [0, 480 / 512, 0]])


def at_corners(affine: np.ndarray) -> np.ndarray:
    return FRAME @ affine[:, :2].T + affine[:, 2]


@pytest.mark.parametrize(
    "off",
    [
        [[0, 0, 5], [0, 0, -5]],
        [[0.02, 0, -5], [0, 0.02, -4]],
        [[0, -0.02, 4], [0.02, 0, -5]],
        [[0.02, 0.02, -5], [0.02, -0.02, 0]],
    ],
)
def test_map_that_is_off_is_moved_to_where_the_picture_is(off: list[list[float]]) -> None:
    pixels = np.asarray(render_picture(5, (480, 360)))
    signature, query = register_local(pixels), query_local(pixels)
    assert signature is not None
    wrong = TRUE + off
    assert is_hopeful(signature, query.aligned_windows(wrong, 512, 384))

    found = refine(query, signature, wrong)

    assert np.abs(at_corners(wrong) - at_corners(TRUE)).max() >= 5
    assert np.abs(at_corners(found) - at_corners(TRUE)).max() < 2.5


def test_picture_that_is_not_shown_gives_no_hope() -> None:
    signature = register_local(np.asarray(render_picture(5, (480, 360))))
    other = query_local(np.asarray(render_picture(6, (480, 360))))
    assert signature is not None
    assert not is_hopeful(signature, other.aligned_windows(TRUE, 512, 384))


def test_few_windows_give_no_hope() -> None:
    pixels = np.asarray(render_picture(5, (480, 360)))
    signature, query = register_local(pixels), query_local(pixels)
    assert signature is not None
    mostly_outside = TRUE + np.array([[0, 0, -375], [0, 0, -275]])
    shown = query.aligned_windows(mostly_outside, 512, 384)
    assert 0 < (shown.visible | shown.cut).sum() < 4
    assert not is_hopeful(signature, shown)
