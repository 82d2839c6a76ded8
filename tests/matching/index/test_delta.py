from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from matching.index import DeltaIndex
from tests.matching.index.planted import as_dict, at_distances, expected, random_hashes


@pytest.fixture(params=[True, False], ids=["numba", "numpy"])
def delta(request):
    return DeltaIndex(compiled=request.param)


def test_exactly_the_neighbours_up_to_31_bits_come_back(delta):
    query = random_hashes(1, seed=1)
    hashes = np.concatenate(
        [random_hashes(3_000, seed=2), at_distances(query[0], range(41), seed=3)]
    )
    delta.add(hashes)

    found = as_dict(delta.search_any(query))

    assert found == expected(hashes, query, 31)
    assert sorted(found.values()) == list(range(32))


def test_an_empty_delta_finds_nothing(delta):
    assert len(delta) == 0
    assert len(delta.search_any(random_hashes(2, seed=4))) == 0


def test_variants_of_one_image_give_the_smallest_distance_of_each_hash(delta):
    query = random_hashes(1, seed=5)
    hashes = at_distances(query[0], range(41), seed=6)
    variants = at_distances(query[0], range(0, 20, 4), seed=7)
    delta.add(hashes)

    assert as_dict(delta.search_any(variants)) == expected(hashes, variants, 31)


def test_adding_again_changes_nothing(delta):
    hashes = random_hashes(5, seed=8)
    delta.add(np.concatenate([hashes, hashes]))
    delta.add(hashes[2:])

    assert len(delta) == 5
    assert delta.search_any(hashes[2:3]).pairs() == [(hashes[2].tobytes(), 0)]


def test_a_single_hash_can_be_added(delta):
    value = random_hashes(1, seed=9)[0]
    delta.add(value)

    assert delta.search_any(value).pairs() == [(value.tobytes(), 0)]


def test_it_grows_beyond_its_first_room(delta):
    hashes = random_hashes(5_000, seed=10)
    for part in np.array_split(hashes, 7):
        delta.add(part)

    assert len(delta) == 5_000
    assert as_dict(delta.search_any(hashes[::100], 0)) == expected(hashes[::100], hashes[::100], 0)


def test_a_search_sees_everything_added_before_it_began(delta):
    query = random_hashes(1, seed=11)
    hashes = np.unique(
        np.concatenate([at_distances(query[0], range(1, 32), seed) for seed in range(100)]), axis=0
    )
    parts = np.array_split(hashes, 300)

    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(lambda: [delta.add(part) for part in parts])
        counts = []
        while not adding.done():
            before = len(delta)
            counts.append((before, len(delta.search_any(query)), len(delta)))
        adding.result()

    assert all(before <= found <= after for before, found, after in counts)
    assert as_dict(delta.search_any(query)) == expected(hashes, query, 31)


def test_threads_that_add_the_same_hashes_store_them_once(delta):
    hashes = random_hashes(2_000, seed=12)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(delta.add, [hashes, hashes[::-1], hashes[500:], hashes[:1_500]]))

    assert len(delta) == 2_000


def test_anything_but_256_bit_hashes_is_refused(delta):
    with pytest.raises(ValueError, match="hashes must be"):
        delta.add(np.zeros((3, 31), np.uint8))
