from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.index import HammingIndex, Neighbours, build, remove
from matching.index.buckets import LONG
from matching.index.plan import chunk_plan
from tests.matching.index.planted import (
    as_dict,
    at_distances,
    cluster,
    expected,
    flipped,
    random_hashes,
)

PLANS = [0, 16, 13, 12, pytest.param(11, marks=pytest.mark.slow)]
PATHS = pytest.mark.parametrize("compiled", [True, False], ids=["numba", "numpy"])


def worst_spread(value, chunks):
    """The value with 31 flips: as many in each chunk as take it out of the buckets probed."""
    bits = [chunk.start + bit for chunk in chunk_plan(chunks) for bit in range(chunk.radius + 1)][
        :31
    ]
    # Chunks number the bits of a byte from the lowest, np.unpackbits from the highest.
    return flipped(value, [bit ^ 7 for bit in bits])


EVADED = random_hashes(1, seed=12)[0]
EVASIONS = np.array([worst_spread(EVADED, chunks) for chunks in (16, 13, 12, 11)])


def opened(directory, hashes, *, chunks=None, compiled=True):
    build(hashes, directory / "snapshot", chunks=chunks)
    return HammingIndex.open(directory / "snapshot", compiled=compiled)


@pytest.fixture(scope="module")
def queries():
    return random_hashes(8, seed=2)


@pytest.fixture(scope="module")
def hashes(queries):
    """Random hashes, clusters, and one neighbour of each query at every distance up to 40."""
    centres = random_hashes(4, seed=3)
    return np.concatenate(
        [
            random_hashes(16_000, seed=4),
            EVASIONS,
            *(cluster(centre, 500, seed) for seed, centre in enumerate(centres)),
            *(at_distances(query, range(41), seed) for seed, query in enumerate(queries)),
        ]
    )


@pytest.fixture(scope="module", params=PLANS, ids="{}-chunks".format)
def directory(request, tmp_path_factory, hashes):
    directory = tmp_path_factory.mktemp("index") / "snapshot"
    build(hashes, directory, chunks=request.param)
    yield directory
    remove(directory)  # pytest would keep it


@pytest.fixture(params=[True, False], ids=["numba", "numpy"])
def index(request, directory):
    return HammingIndex.open(directory, verify=False, compiled=request.param)


def test_exactly_the_neighbours_up_to_31_bits_come_back(index, hashes, queries):
    for query in queries:
        found = as_dict(index.search(query))

        assert found == expected(hashes, [query], 31)
        assert sorted(found.values()) == list(range(32))


def test_clusters_come_back_whole(index, hashes):
    centre = random_hashes(4, seed=3)[0]

    found = as_dict(index.search(centre))

    assert len(found) > 400
    assert found == expected(hashes, [centre], 31)


@pytest.mark.parametrize("radius", [0, 1, 16, 30])
def test_a_smaller_radius_finds_only_the_nearer(index, queries, radius):
    assert sorted(as_dict(index.search(queries[0], radius)).values()) == list(range(radius + 1))


def test_variants_of_one_image_give_the_smallest_distance_of_each_hash(index, hashes, queries):
    variants = np.concatenate([queries[:3], at_distances(queries[0], range(4, 12), seed=9)])

    assert as_dict(index.search_any(variants)) == expected(hashes, variants, 31)


def test_many_searches_answer_each_query_in_order(index, queries):
    misses = random_hashes(2, seed=10)

    found = index.search_many(np.concatenate([misses[:1], queries[:2], misses[1:]]))

    assert [len(neighbours) for neighbours in found] == [0, 32, 32, 0]
    assert as_dict(found[1]) == as_dict(index.search(queries[0]))
    assert as_dict(found[2]) == as_dict(index.search(queries[1]))


def test_one_query_alone_is_one_of_many(index, queries):
    (found,) = index.search_many(queries[0])

    assert as_dict(found) == as_dict(index.search(queries[0]))


def test_nothing_near_is_an_empty_answer(index):
    found = index.search(random_hashes(1, seed=11)[0])

    assert len(found) == 0
    assert found.hashes.shape == (0, 32)


def test_no_query_is_an_empty_answer(index):
    assert len(index.search_any(random_hashes(0, seed=0))) == 0
    assert index.search_many(random_hashes(0, seed=0)) == []


def test_threads_find_what_one_thread_finds(index, queries):
    alone = [as_dict(index.search(query)) for query in queries]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda query: as_dict(index.search(query)), list(queries) * 8))

    assert together == alone * 8


def test_the_worst_spread_of_31_flips_is_still_found(index):
    """One flip short of leaving the buckets of every chunk: a single chunk still leads there."""
    assert list(as_dict(index.search(EVADED)).values()) == [31] * len(EVASIONS)


@PATHS
def test_a_hash_near_in_many_chunks_is_reported_once(tmp_path, compiled):
    stored = random_hashes(1, seed=14)
    index = opened(
        tmp_path, np.concatenate([stored, random_hashes(99, 15)]), chunks=16, compiled=compiled
    )

    assert index.search(stored[0]).distances.tolist() == [0]


@PATHS
def test_a_crowded_bucket_loses_nothing(tmp_path, compiled):
    """Every hash shares its first half: one look-up meets them all, the linear scan takes over."""
    hashes = random_hashes(3_000, seed=16)
    hashes[:, :16] = hashes[0, :16]
    near = at_distances(hashes[0], range(41), seed=17)
    index = opened(tmp_path, np.concatenate([hashes, near]), chunks=16, compiled=compiled)

    found = as_dict(index.search(hashes[0]))

    assert found == expected(np.concatenate([hashes, near]), hashes[:1], 31)


@PATHS
def test_thousands_of_neighbours_come_back_whole(tmp_path, compiled):
    hashes = np.concatenate(
        [random_hashes(50_000, seed=18), cluster(random_hashes(1, seed=19)[0], 2_000, seed=20)]
    )
    index = opened(tmp_path, hashes, chunks=16, compiled=compiled)
    queries = random_hashes(1, seed=19)

    found = as_dict(index.search_any(queries))

    assert len(found) > 1_900
    assert found == expected(hashes, queries, 31)


@PATHS
def test_repeated_hashes_are_stored_once(tmp_path, compiled):
    hashes = random_hashes(10, seed=21)
    repeated = np.concatenate([hashes, hashes[::-1], hashes[:3]])

    assert build(repeated, tmp_path / "snapshot") == 10
    index = HammingIndex.open(tmp_path / "snapshot", compiled=compiled)
    assert len(index) == 10
    assert index.search(hashes[4]).pairs() == [(hashes[4].tobytes(), 0)]


@pytest.mark.parametrize("chunks", [0, 16])
@PATHS
def test_an_empty_index_finds_nothing(tmp_path, chunks, compiled):
    index = opened(tmp_path, random_hashes(0, seed=0), chunks=chunks, compiled=compiled)

    assert len(index) == 0
    assert len(index.search(random_hashes(1, seed=22)[0])) == 0


def test_the_extreme_hashes_are_opposite(tmp_path):
    extremes = np.array([[0] * 32, [255] * 32], dtype=np.uint8)
    index = opened(tmp_path, extremes, chunks=16)

    assert index.search(extremes[0]).pairs() == [(bytes(32), 0)]
    assert index.search(extremes[1]).pairs() == [(b"\xff" * 32, 0)]


def test_building_again_writes_the_same_files(tmp_path, hashes):
    for name, order in (("one", 1), ("other", -1)):
        build(hashes[::order], tmp_path / name, chunks=16)

    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()


@pytest.mark.parametrize("chunks", PLANS[1:])
def test_flips_that_crowd_into_few_chunks_are_found(tmp_path, chunks):
    """A mark must refuse no near hash, however its flips are shared out over the chunks."""
    origin = random_hashes(1, seed=27)[0]
    rng = np.random.default_rng(28)
    near = [flipped(origin, crowded_flips(rng, chunks)) for _ in range(400)]
    filler = random_hashes(9_000, seed=29)
    index = opened(tmp_path, np.concatenate([near, filler]), chunks=chunks)

    found = as_dict(index.search(origin))

    assert found == expected(near, [origin], 31)
    assert len(found) == len({row.tobytes() for row in near}) > 350


def crowded_flips(rng, chunks):
    """31 different bits, most of them in a few chunks that chance picks."""
    plan = chunk_plan(chunks)
    weights = np.repeat(rng.dirichlet(np.full(len(plan), 0.3)), [chunk.bits for chunk in plan])
    bits = rng.choice(256, 31, replace=False, p=(weights + 1e-9) / (weights + 1e-9).sum())
    return bits ^ 7


@PATHS
@pytest.mark.parametrize("together", [2, LONG - 1, LONG, LONG + 1])
def test_buckets_of_several_hashes_lose_none(tmp_path, compiled, together):
    """So many share a chunk: some more than the short form of a list's length can tell."""
    hashes = random_hashes(300_000, seed=30)
    hashes[:together, :2] = 7
    near = at_distances(hashes[0], range(41), seed=31)
    index = opened(tmp_path, np.concatenate([hashes, near]), chunks=16, compiled=compiled)

    found = as_dict(index.search(hashes[0]))

    assert sorted(found.values()) == sorted([*range(32)])


def test_the_order_of_the_hashes_does_not_matter(tmp_path, hashes):
    build(hashes, tmp_path / "one", chunks=0)
    build(hashes[::-1], tmp_path / "other", chunks=0)

    stored = (tmp_path / "one" / "hashes").read_bytes()
    assert (tmp_path / "other" / "hashes").read_bytes() == stored
    assert stored == b"".join(sorted({row.tobytes() for row in hashes}))


near_and_far = st.lists(
    st.lists(st.integers(0, 255), max_size=40, unique=True), min_size=1, max_size=20
)


@PATHS
@given(flips=near_and_far, asked=near_and_far, radius=st.integers(0, 31))
@settings(max_examples=25, deadline=None)
def test_any_hashes_and_queries_agree_with_brute_force(
    tmp_path_factory, compiled, flips, asked, radius
):
    origin = random_hashes(1, seed=23)[0]
    hashes = np.array([flipped(origin, bits) for bits in flips])
    queries = np.array([flipped(origin, bits) for bits in asked])
    filler = random_hashes(2_000, seed=24)  # enough that the linear scan does not take over
    directory = tmp_path_factory.mktemp("index")

    index = opened(directory, np.concatenate([hashes, filler]), chunks=16, compiled=compiled)

    assert as_dict(index.search_any(queries, radius)) == expected(hashes, queries, radius)


@pytest.mark.parametrize("radius", [-1, 32, 256])
def test_a_radius_that_could_miss_neighbours_is_refused(tmp_path, radius):
    index = opened(tmp_path, random_hashes(3, seed=25))

    with pytest.raises(ValueError, match="radius"):
        index.search(random_hashes(1, seed=25)[0], radius)


@pytest.mark.parametrize(
    "query",
    [np.zeros(31, np.uint8), np.zeros((2, 64), np.uint8), np.zeros(32, np.int64), np.uint8(0)],
)
def test_anything_but_256_bit_hashes_is_refused(tmp_path, query):
    index = opened(tmp_path, random_hashes(3, seed=26))

    with pytest.raises(ValueError, match="hashes must be"):
        index.search_any(np.asarray(query))


def test_a_closed_index_does_not_answer(tmp_path):
    index = opened(tmp_path, random_hashes(3, seed=27))
    index.close()

    with pytest.raises(ValueError, match="closed"):
        index.search(random_hashes(1, seed=27)[0])


def test_answers_of_snapshot_and_delta_join_by_the_smallest_distance():
    near, far = random_hashes(2, seed=28)
    one = Neighbours(np.array([near, far]), np.array([3, 9], np.uint8))
    other = Neighbours(np.array([far, near]), np.array([2, 5], np.uint8))

    assert Neighbours.union([one, other]).pairs() == [(far.tobytes(), 2), (near.tobytes(), 3)]
    assert Neighbours.union([]).pairs() == []
