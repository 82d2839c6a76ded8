"""How does a reference lie in the query? From matched places to an affine map, or to nothing.

One reference after the other: full match of the stored codes with the query's, one-point
similarity hypotheses, weighted least squares of an affine map, distinct places counted. Seeking
further matches near where the map predicts them was tried and found nothing more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from matching.compiling import compiled, popcount

MATCH_RADIUS = 64
_HYPOTHESES = 6
_ROUNDS = 3


@compiled
def _match(reference: Any, query: Any, pairs: Any) -> Any:
    """The two nearest query codes of each stored code, within the radius; returns the number.

    Fills `pairs` (2 n, 3) with stored keypoint, query keypoint, distance.
    """
    count = 0
    for stored in range(reference.shape[0]):
        r0, r1, r2, r3 = reference[stored]
        first: Any = MATCH_RADIUS + 1
        second: Any = first
        near: Any = -1
        next_near: Any = -1
        for other in range(query.shape[0]):
            distance = np.int64(
                popcount(query[other, 0] ^ r0)
                + popcount(query[other, 1] ^ r1)
                + popcount(query[other, 2] ^ r2)
                + popcount(query[other, 3] ^ r3)
            )
            if distance < second:
                if distance < first:
                    first, second, near, next_near = distance, first, other, near
                else:
                    second, next_near = distance, other
        if near >= 0:
            pairs[count, 0], pairs[count, 1], pairs[count, 2] = stored, near, first
            count += 1
        if next_near >= 0:
            pairs[count, 0], pairs[count, 1], pairs[count, 2] = stored, next_near, second
            count += 1
    return count


@compiled
def _turned(degrees: Any) -> Any:
    """The same turn within -180..180."""
    return (degrees + 180.0) % 360.0 - 180.0


@compiled
def _support(source: Any, target: Any, weights: Any, agree: Any, support: Any) -> None:
    """For the similarity each match alone implies: which matches agree, with what weight."""
    for h in range(len(source)):
        scale = target[h, 2] / source[h, 2]
        turn = target[h, 3] - source[h, 3]
        c, s = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))
        total = 0.0
        for i in range(len(source)):
            dx, dy = source[i, 0] - source[h, 0], source[i, 1] - source[h, 1]
            error = math.hypot(
                c * dx - s * dy + target[h, 0] - target[i, 0],
                s * dx + c * dy + target[h, 1] - target[i, 1],
            )
            growth = math.log(target[i, 2] / source[i, 2] / scale)
            ok = (
                error < 6.0 + 0.2 * scale * math.hypot(dx, dy)
                and abs(growth) < 0.55
                and abs(_turned(target[i, 3] - source[i, 3] - turn)) < 25.0
            )
            agree[h, i] = ok
            if ok:
                total += weights[i]
        support[h] = total


@compiled
def _similarity(source: Any, target: Any, weights: Any, chosen: Any, affine: Any) -> None:
    """Weighted least squares of rotation, scale and shift."""
    sx, sy, tx, ty = _means(source, target, weights, chosen)
    a = b = norm = 0.0
    for i in range(len(source)):
        if chosen[i]:
            px, py = source[i, 0] - sx, source[i, 1] - sy
            qx, qy = target[i, 0] - tx, target[i, 1] - ty
            a += weights[i] * (px * qx + py * qy)
            b += weights[i] * (px * qy - py * qx)
            norm += weights[i] * (px * px + py * py)
    a, b = a / (norm + 1e-9), b / (norm + 1e-9)
    affine[0], affine[1], affine[2] = a, -b, tx - a * sx + b * sy
    affine[3], affine[4], affine[5] = b, a, ty - b * sx - a * sy


@compiled
def _means(source: Any, target: Any, weights: Any, chosen: Any) -> Any:
    total, sx, sy, tx, ty = 1e-12, 0.0, 0.0, 0.0, 0.0
    for i in range(len(source)):
        if chosen[i]:
            total += weights[i]
            sx += weights[i] * source[i, 0]
            sy += weights[i] * source[i, 1]
            tx += weights[i] * target[i, 0]
            ty += weights[i] * target[i, 1]
    return sx / total, sy / total, tx / total, ty / total


@compiled
def _full_affine(source: Any, target: Any, weights: Any, chosen: Any, affine: Any) -> Any:
    """Weighted least squares of six parameters; False if it shears or squeezes too much."""
    sx, sy, tx, ty = _means(source, target, weights, chosen)
    xx = xy = yy = 1e-9
    ux = uy = vx = vy = 0.0
    for i in range(len(source)):
        if chosen[i]:
            w = weights[i]
            px, py = source[i, 0] - sx, source[i, 1] - sy
            qx, qy = target[i, 0] - tx, target[i, 1] - ty
            xx, xy, yy = xx + w * px * px, xy + w * px * py, yy + w * py * py
            ux, uy = ux + w * px * qx, uy + w * py * qx
            vx, vy = vx + w * px * qy, vy + w * py * qy
    det = xx * yy - xy * xy
    if det <= 1e-6 * xx * yy:
        return False
    a, b = (yy * ux - xy * uy) / det, (xx * uy - xy * ux) / det
    c, d = (yy * vx - xy * vy) / det, (xx * vy - xy * vx) / det
    area, norm = a * d - b * c, a * a + b * b + c * c + d * d
    # norm / area is the sum of the axes' ratio and its inverse: 2.2 + 1 / 2.2 at most.
    if area <= 0 or norm > 2.6545 * area:
        return False
    affine[0], affine[1], affine[2] = a, b, tx - a * sx - b * sy
    affine[3], affine[4], affine[5] = c, d, ty - c * sx - d * sy
    return True


@compiled
def _fit(source: Any, target: Any, weights: Any, chosen: Any, affine: Any) -> None:
    """An affine map where five matches or more allow it, else a similarity."""
    if np.sum(chosen) >= 5 and _full_affine(source, target, weights, chosen, affine):
        return
    _similarity(source, target, weights, chosen, affine)


@compiled
def _scale_of(affine: Any) -> Any:
    return math.sqrt(abs(affine[0] * affine[4] - affine[1] * affine[3])) + 1e-9


@compiled
def _error(affine: Any, source: Any, target: Any, i: Any) -> Any:
    x = affine[0] * source[i, 0] + affine[1] * source[i, 1] + affine[2]
    y = affine[3] * source[i, 0] + affine[4] * source[i, 1] + affine[5]
    return math.hypot(x - target[i, 0], y - target[i, 1])


@compiled
def _fits(affine: Any, source: Any, target: Any, i: Any) -> Any:
    """Whether place, size and angle of a match are what the map makes of the stored ones."""
    scale = _scale_of(affine)
    if _error(affine, source, target, i) >= 3.0 * max(scale, 1.0) + 2.5:
        return False
    turn = math.degrees(math.atan2(affine[3] - affine[1], affine[0] + affine[4]))
    return (
        abs(_turned(target[i, 3] - source[i, 3] - turn)) < 28.0
        and abs(math.log(target[i, 2] / source[i, 2] / scale)) < 0.6
    )


@compiled
def _refit(source: Any, target: Any, weights: Any, chosen: Any, affine: Any) -> Any:
    """Fit, choose what fits, fit again; returns how many matches are left."""
    count = 0
    for _ in range(_ROUNDS):
        _fit(source, target, weights, chosen, affine)
        fresh = np.zeros_like(chosen)
        for i in range(len(source)):
            fresh[i] = _fits(affine, source, target, i)
        count = np.sum(fresh)
        if count < 3 or np.all(fresh == chosen):
            break
        chosen[:] = fresh
    return count


@compiled
def _distinct(source: Any, target: Any, order: Any, chosen: Any, scale: Any, kept: Any) -> Any:
    """Thin the chosen matches to distinct places on both sides, nearest codes first."""
    count = 0
    apart = 4.0 * max(scale, 0.5)
    for i in order:
        if not chosen[i]:
            continue
        free = True
        for rank in range(count):
            j = kept[rank]
            same_stored = (
                abs(source[i, 0] - source[j, 0]) <= 4.0 and abs(source[i, 1] - source[j, 1]) <= 4.0
            )
            same_shown = (
                abs(target[i, 0] - target[j, 0]) <= apart
                and abs(target[i, 1] - target[j, 1]) <= apart
            )
            if same_stored or same_shown:
                free = False
                break
        if free:
            kept[count] = i
            count += 1
    return count


@compiled
def _estimate(source: Any, target: Any, weights: Any, affine: Any) -> Any:
    """The best of some hypotheses: its number of distinct places; fills `affine`."""
    n = len(source)
    agree, support = np.empty((n, n), np.bool_), np.empty(n, np.float64)
    _support(source, target, weights, agree, support)
    order = np.argsort(-weights, kind="mergesort")
    tried, chosen = np.zeros(n, np.bool_), np.empty(n, np.bool_)
    kept, trial = np.empty(n, np.int64), np.empty(6, np.float64)
    inliers, best, tries = 0, 0.0, 0
    for h in np.argsort(-support, kind="mergesort"):
        if tries == _HYPOTHESES or support[h] < 0.5 * best:
            break
        chosen[:] = agree[h]
        members = np.sum(chosen)
        if members < 3 or (tried[h] and np.sum(chosen & tried) > 0.8 * members):
            continue
        tries += 1
        tried |= chosen
        if _refit(source, target, weights, chosen, trial) < 3:
            continue
        count = _distinct(source, target, order, chosen, _scale_of(trial), kept)
        score = 0.0
        for rank in range(count):
            score += weights[kept[rank]]
        if score > best:
            inliers, best = count, score
            affine[:] = trial
    return inliers


@compiled
def align(reference: Any, stored: Any, query: Any, shown: Any, mirrored: Any, affine: Any) -> Any:
    """Distinct places at which the query shows the reference; fills `affine` (6,) if 3 or more.

    `reference` and `query` are codes as words (n, 4) and (m, 4), the query's mirrored ones if
    `mirrored`; `stored` and `shown` are x, y, size, angle (n, 4) and (m, 4), float64.
    """
    source = stored.copy()
    if mirrored:
        source[:, 0] = -source[:, 0]
        source[:, 3] = 180.0 - source[:, 3]
    pairs = np.empty((2 * len(reference), 3), np.int64)
    count = _match(reference, query, pairs)
    if count < 3:
        return 0
    pairs = pairs[:count]
    weights = np.maximum(MATCH_RADIUS + 12.0 - pairs[:, 2], 4.0)
    inliers = _estimate(source[pairs[:, 0]], shown[pairs[:, 1]], weights, affine)
    if mirrored:
        affine[0], affine[3] = -affine[0], -affine[3]
    return inliers


@compiled
def align_all(
    words: Any,
    geometry: Any,
    positions: Any,
    starts: Any,
    sides: Any,
    rows: Any,
    mirrored: Any,
    query: Any,
    query_mirrored: Any,
    shown: Any,
    inliers: Any,
    affines: Any,
) -> None:
    """`align` for references `rows` (k,); fills `inliers` (k,) and `affines` (k, 6)."""
    for number in range(len(rows)):
        row = rows[number]
        count = starts[row + 1] - starts[row]
        codes, stored = np.empty((count, 4), np.uint64), np.empty((count, 4), np.float64)
        for keypoint in range(count):
            at = positions[starts[row] + keypoint]
            codes[keypoint] = words[4 * at : 4 * at + 4]
            stored[keypoint, 0] = (geometry[4 * at] + 0.5) / 256.0 * sides[row, 0]
            stored[keypoint, 1] = (geometry[4 * at + 1] + 0.5) / 256.0 * sides[row, 1]
            stored[keypoint, 2] = math.exp((geometry[4 * at + 2] + 0.5) / 40.0)
            stored[keypoint, 3] = (geometry[4 * at + 3] + 0.5) * (360.0 / 256.0)
        shown_codes = query_mirrored if mirrored[number] else query
        inliers[number] = align(
            codes, stored, shown_codes, shown, mirrored[number], affines[number]
        )
