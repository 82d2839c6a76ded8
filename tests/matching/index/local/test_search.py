"""The search behind the candidates, judged by comparing everything with everything."""

from __future__ import annotations

import numpy as np
import pytest

from matching.index.local.cells import flat_words, train_cells
from matching.index.local.search import EFFORT, SEED_RADIUS, find_candidates, find_matches
from matching.index.local.search_kernel import near_codes
from matching.index.local.tables import Tables
from tests.matching.index.local.made import flipped, showing, signature

ALL = (10_000, 10_000, 10_000_000)


def near(
    tables: Tables, queries: np.ndarray, effort: tuple[int, int, int], room: int
) -> list[tuple]:
    owners, positions = np.empty(room, np.int32), np.empty(room, np.int32)
    distances = np.empty(room, np.uint8)
    arrays = (tables.tops, tables.centres, tables.limits, tables.words, flat_words(queries))
    found = near_codes(*arrays, SEED_RADIUS, effort, owners, positions, distances)
    kept = min(found, room)
    rows = zip(owners[:kept], positions[:kept], distances[:kept], strict=True)
    return [found, *((int(o), int(p), int(d)) for o, p, d in rows)]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.of((100 + seed, signature(seed)) for seed in range(40))


def test_all_cells_together_find_what_brute_force_finds(tables: Tables) -> None:
    stored = tables.words.view(np.uint8).reshape(-1, 32)
    queries = flipped(stored[::97], 35, np.random.default_rng(1))
    found, *hits = near(tables, queries, ALL, 10_000)
    apart = np.bitwise_count(queries[:, None] ^ stored[None]).sum(axis=2)
    expected = [(int(o), int(p), int(apart[o, p])) for o, p in np.argwhere(apart <= SEED_RADIUS)]
    assert found == len(hits)
    assert sorted(hits) == sorted(expected)


def test_finds_beyond_the_room_are_counted(tables: Tables) -> None:
    stored = tables.words.view(np.uint8).reshape(-1, 32)[:50]
    everything, few = near(tables, stored, ALL, 1000), near(tables, stored, ALL, 10)
    assert few[0] == everything[0] >= 50
    assert few[1:] == everything[1:11]


def test_usual_probes_find_nearly_all_near_codes() -> None:
    tables = Tables.of((seed, signature(seed)) for seed in range(200))
    assert len(tables.limits) > 30
    stored = tables.words.view(np.uint8).reshape(-1, 32)[::16]
    queries = flipped(stored, 12, np.random.default_rng(2))
    found, *_ = near(tables, queries, EFFORT, 10_000)
    assert found >= 0.9 * len(queries)


def test_same_codes_give_the_same_cells() -> None:
    codes = np.random.default_rng(3).integers(0, 256, (9_000, 32), dtype=np.uint8)
    first, second = train_cells(codes), train_cells(codes)
    assert np.array_equal(first.centres, second.centres)
    assert len(first) == len(first.tops) ** 2 // 16


@pytest.mark.parametrize("mirrored", [False, True])
def test_shown_reference_is_the_first_candidate(tables: Tables, mirrored: bool) -> None:
    query = showing(signature(17), scale=0.7, degrees=75, mirrored=mirrored)
    best = find_candidates(tables, query, 5)[0]
    assert (best.row, best.mirrored) == (17, mirrored)
    assert best.votes >= 100


def test_seeds_that_disagree_on_rotation_make_no_votes(tables: Tables) -> None:
    query = showing(signature(17), keypoints=12)
    query.geometry[:12, 3] += np.arange(12) * 30
    assert all(c.votes <= 4 for c in find_candidates(tables, query, 5))


def test_candidates_are_limited(tables: Tables) -> None:
    crowd = Tables.of((number, signature(1)) for number in range(30))
    assert len(find_candidates(crowd, showing(signature(1)), 7)) == 7


def test_all_references_of_one_picture_are_found(tables: Tables) -> None:
    twins = Tables.of([(1, signature(1)), (2, signature(2)), (3, signature(1))])
    assert [match.id for match in find_matches(twins, showing(signature(1)))] == [1, 3]


def test_query_without_keypoints_finds_nothing(tables: Tables) -> None:
    query = showing(signature(1), keypoints=0)
    empty = type(query)(query.geometry[:0], query.codes[:0], query.mirrored[:0], query.windows, [])
    assert find_matches(tables, empty) == []


def test_signatures_read_back_as_they_were_given(tables: Tables) -> None:
    given, stored = signature(23), tables.signature(23)
    for name in ("codes", "geometry", "windows", "informative"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(given, name))
    assert (stored.width, stored.height) == (given.width, given.height)


def test_excluded_references_do_not_crowd_out_others() -> None:
    crowd = Tables.of((number, signature(1)) for number in range(30))
    matches = find_matches(crowd, showing(signature(1)), limit=3, exclude=set(range(27)))
    assert [match.id for match in matches] == [27, 28, 29]
