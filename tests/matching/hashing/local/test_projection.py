"""Codes, and the trick that mirrors them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.hashing.local.keypoints import detect
from matching.hashing.local.picture import reference_frame
from matching.hashing.local.projection import DATA, distances, encode, encode_mirrored
from tests.pictures import render_picture


def codes_of(seed: int) -> NDArray[np.uint8]:
    gray = reference_frame(np.asarray(render_picture(seed)))
    return encode(detect(gray, count=200, contrast=0.03).descriptors)


def test_distances_are_hamming_distances() -> None:
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, 256, (count, 32), dtype=np.uint8) for count in (5, 7))
    counted = [[int(np.bitwise_count(a ^ b).sum()) for b in second] for a in first]
    assert distances(first, second).tolist() == counted


def test_mirrored_codes_are_those_of_the_mirrored_picture() -> None:
    gray = reference_frame(np.asarray(render_picture(3, (512, 384))))
    flipped = np.ascontiguousarray(gray[:, ::-1])
    as_is = detect(gray, count=300, contrast=0.03)
    mirrored = detect(flipped, count=300, contrast=0.03)
    apart = distances(encode_mirrored(as_is.descriptors), encode(mirrored.descriptors))
    assert np.median(apart.min(axis=1)) <= 16


def test_unrelated_places_have_codes_far_apart() -> None:
    first, second = (codes_of(seed) for seed in (11, 12))
    assert (distances(first, second) <= 40).mean() < 0.01


def test_learned_data_says_where_it_came_from() -> None:
    for name in ("projection", "frequent"):
        text = (DATA / f"{name}.txt").read_text(encoding="utf-8")
        assert "tests.benchmarks.train_projection" in text
        assert "--seed" in text
