"""The search the other way round: every pair within the radius, once, and no other."""

import numpy as np
import pytest

from matching.index import BulkIndex, bulk
from tests.matching.index.planted import at_distances, random_hashes


def pairs(index: BulkIndex, queries, radius: int = 31) -> set[tuple[int, int, int]]:
    hits = index.hits(queries, radius, threads=3)
    found = list(zip(hits.owners, hits.positions, hits.distances, strict=True))
    assert len(found) == len(set(found))
    return set(found)


def by_brute_force(index: BulkIndex, queries, radius: int = 31) -> set[tuple[int, int, int]]:
    bits = np.unpackbits(queries[:, None] ^ index.hashes[None], axis=2).sum(axis=2)
    return {(q, h, bits[q, h]) for q, h in zip(*np.nonzero(bits <= radius), strict=True)}


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("count", [0, 1, 60, 3_000])
def test_bulk_search_finds_what_brute_force_finds(count, compiled):
    new = random_hashes(count, 7)
    planted = [at_distances(value, range(62), 3) for value in new[:3]]
    past = np.concatenate([random_hashes(50, 8), *planted])
    index = BulkIndex(new, compiled=compiled)

    assert pairs(index, past) == by_brute_force(index, past)
    assert len(pairs(index, past)) == 32 * min(count, 3)


def test_smaller_radius_finds_less():
    new = random_hashes(500, 7)
    index = BulkIndex(new)

    assert len(pairs(index, at_distances(new[0], range(32), 3), radius=10)) == 11


def test_more_hashes_than_one_table_holds_are_all_searched(monkeypatch):
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 100)
    new = random_hashes(250, 7)
    past = np.concatenate([at_distances(value, range(20, 40), 3) for value in new[::40]])
    index = BulkIndex(new)

    assert pairs(index, past) == by_brute_force(index, past)
    assert len(pairs(index, past)) == 12 * 7
