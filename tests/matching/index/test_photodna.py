import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.index import IndexDamaged, SquaredL2Index
from matching.index.store import META, Meta, publishing

PATHS = pytest.mark.parametrize("compiled", [True, False], ids=["numba", "numpy"])


def random_values(count, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, 144), dtype=np.uint8)


def expected(values, query, threshold):
    wanted = query.tolist()
    distances = [
        sum((a - b) ** 2 for a, b in zip(row, wanted, strict=True)) for row in values.tolist()
    ]
    return {
        position: distance for position, distance in enumerate(distances) if distance <= threshold
    }


def found(index, query, threshold):
    positions, distances = index.search(query, threshold)
    assert positions.tolist() == sorted(positions.tolist())
    return dict(zip(positions.tolist(), distances.tolist(), strict=True))


@PATHS
@pytest.mark.parametrize("threshold", [0, 1, 400_000, 800_000, 144 * 255**2])
def test_exactly_the_values_within_the_threshold_come_back(compiled, threshold):
    values = random_values(1_000, seed=1)
    noise = np.random.default_rng(2).integers(-60, 60, (200, 144))
    values[:200] = np.clip(values[0] + noise, 0, 255)
    query = values[0].copy()

    assert found(SquaredL2Index(values, compiled=compiled), query, threshold) == expected(
        values, query, threshold
    )


@PATHS
def test_the_threshold_itself_is_within(compiled):
    values = np.zeros((3, 144), np.uint8)
    values[1, 143], values[2, 0] = 10, 11

    index = SquaredL2Index(values, compiled=compiled)

    assert found(index, values[0], 100) == {0: 0, 1: 100}


@PATHS
def test_the_greatest_distance_does_not_overflow(compiled):
    index = SquaredL2Index(np.full((1, 144), 255, np.uint8), compiled=compiled)

    assert found(index, np.zeros(144, np.uint8), 144 * 255**2) == {0: 144 * 255**2}


@PATHS
def test_more_values_than_one_block_are_all_searched(compiled):
    values = np.zeros((40_000, 144), np.uint8)
    values[::9_999] = 255

    index = SquaredL2Index(values, compiled=compiled)

    assert list(found(index, values[0], 5)) == [0, 9_999, 19_998, 29_997, 39_996]


@PATHS
def test_an_empty_index_finds_nothing(compiled):
    index = SquaredL2Index(np.empty((0, 144), np.uint8), compiled=compiled)

    assert found(index, np.zeros(144, np.uint8), 10_000_000) == {}


@PATHS
@given(seed=st.integers(0, 2**32 - 1), spread=st.integers(0, 40), threshold=st.integers(0, 60_000))
@settings(max_examples=25, deadline=None)
def test_any_values_agree_with_brute_force(compiled, seed, spread, threshold):
    rng = np.random.default_rng(seed)
    values = rng.integers(100, 101 + spread, (40, 144), dtype=np.uint8)

    index = SquaredL2Index(values, compiled=compiled)

    assert found(index, values[3], threshold) == expected(values, values[3], threshold)


def test_a_saved_index_opens_as_it_was(tmp_path):
    values = random_values(50, seed=4)
    SquaredL2Index(values).save(tmp_path / "snapshot", version=3)

    index = SquaredL2Index.open(tmp_path / "snapshot")

    assert len(index) == 50
    assert found(index, values[20], 0) == {20: 0}


def test_meta_that_contradicts_its_values_is_refused(tmp_path):
    with publishing(tmp_path / "snapshot", Meta("photodna144", count=2)) as writer:
        writer.write("values", [random_values(1, seed=5)])

    with pytest.raises(IndexDamaged, match=META):
        SquaredL2Index.open(tmp_path / "snapshot")


def test_a_negative_threshold_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        SquaredL2Index(random_values(1, seed=6)).search(random_values(1, seed=6)[0], -1)


@pytest.mark.parametrize("values", [np.zeros((2, 143), np.uint8), np.zeros((2, 144), np.int16)])
def test_anything_but_144_byte_values_is_refused(values):
    with pytest.raises(ValueError, match="values must be"):
        SquaredL2Index(values)
