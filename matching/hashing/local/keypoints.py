"""Places a picture can be recognised by: SIFT (Lowe 2004), OpenCV's implementation."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.arrays import Bytes, Floats, Numbers

DESCRIPTOR_BYTES: Final = 128
EDGE_THRESHOLD: Final = 12.0
CELLS: Final = 6
NOTHING: Final = np.empty((0, DESCRIPTOR_BYTES), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """n places: `x`, `y` and `size` in pixels, `angle` in degrees, all float32 (n,).

    `response` is the detector's contrast, `descriptors` uint8 (n, 128).
    """

    x: Floats
    y: Floats
    size: Floats
    angle: Floats
    response: Floats
    descriptors: Bytes

    def __len__(self) -> int:
        return len(self.x)

    def take(self, positions: Numbers) -> Keypoints:
        """The keypoints at these positions, in this order."""
        return Keypoints(
            self.x[positions],
            self.y[positions],
            self.size[positions],
            self.angle[positions],
            self.response[positions],
            self.descriptors[positions],
        )


def detect(gray: Bytes, *, count: int, contrast: float) -> Keypoints:
    """The `count` keypoints of highest response in luma (h, w), strongest first.

    `contrast` is SIFT's threshold: lower finds fainter places.
    """
    # In one go: asked for descriptors afterwards, OpenCV would build its pyramid a second time.
    found, described = _detector(count, contrast).detectAndCompute(gray, None)
    rows = _rows(found)
    order = np.argsort(-rows[:, 4], kind="stable")[:count]
    return _keypoints(rows[order], np.asarray(described)[order] if found else NOTHING)


def detect_spread(gray: Bytes, *, count: int, among: int, contrast: float) -> Keypoints:
    """At most `count` keypoints of luma (h, w) from all over it, not all from one busy corner.

    They are taken from the `among` of highest response. To describe those that are taken alone
    costs less than a second pyramid does.
    """
    detector = _detector(among, contrast)
    found = detector.detect(gray, None)
    rows = _rows(found)
    order = np.argsort(-rows[:, 4], kind="stable")
    chosen = order[_spread(rows[order], count, gray.shape)]
    if not len(chosen):
        return _keypoints(rows, NOTHING)
    kept, described = detector.compute(gray, [found[position] for position in chosen.tolist()])
    return _keypoints(_rows(kept), np.asarray(described))


def _spread(rows: Floats, count: int, shape: tuple[int, ...]) -> Numbers:
    """At most `count` of the rows: each of 6 x 6 parts gives at most 1.5 times its share first.

    The rest is filled up by response.
    """
    height, width = shape[:2]
    column = np.clip(rows[:, 0] * (CELLS / width), 0, CELLS - 1).astype(np.intp)
    row = np.clip(rows[:, 1] * (CELLS / height), 0, CELLS - 1).astype(np.intp)
    capped = _rank_within(row * CELLS + column) >= max(1, int(1.5 * count / CELLS**2))
    return np.sort(np.argsort(capped, kind="stable")[:count])


def _rank_within(groups: Numbers) -> Numbers:
    """For each element, how many before it are of the same group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.searchsorted(ordered, ordered)
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order)) - starts
    return ranks


def _rows(found: Sequence[cv2.KeyPoint]) -> Floats:
    """x, y, size, angle and response of each, float32 (n, 5)."""
    values = [(*k.pt, k.size, k.angle, k.response) for k in found]
    return np.array(values, np.float32).reshape(-1, 5)


def _keypoints(rows: Floats, described: NDArray[Any]) -> Keypoints:
    x, y, size, angle, response = np.ascontiguousarray(rows.T)
    return Keypoints(x, y, size, angle, response, np.clip(described, 0, 255).astype(np.uint8))


@functools.lru_cache(maxsize=8)
def _detector(count: int, contrast: float) -> cv2.SIFT:
    return cv2.SIFT.create(
        nfeatures=count, contrastThreshold=contrast, edgeThreshold=EDGE_THRESHOLD
    )
