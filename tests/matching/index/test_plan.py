import numpy as np
import pytest

from matching.index.neighbours import MAX_RADIUS, as_words
from matching.index.plan import HASH_BITS, chunk_plan, chunks_for
from tests.matching.index.planted import random_hashes

PLANS = [16, 13, 12, 11, 10]


@pytest.mark.parametrize("chunks", PLANS)
def test_chunks_cover_every_bit_exactly_once(chunks):
    covered = [
        bit for chunk in chunk_plan(chunks) for bit in range(chunk.start, chunk.start + chunk.bits)
    ]

    assert covered == list(range(HASH_BITS))


@pytest.mark.parametrize("chunks", PLANS)
def test_a_hash_outside_every_bucket_is_beyond_the_radius(chunks):
    assert sum(chunk.radius + 1 for chunk in chunk_plan(chunks)) > MAX_RADIUS


@pytest.mark.parametrize("chunks", PLANS)
def test_flips_reach_every_value_within_the_chunk_radius_once(chunks):
    chunk = chunk_plan(chunks)[0]
    values = np.arange(chunk.buckets, dtype=np.uint32)

    near = np.flatnonzero(np.bitwise_count(values) <= chunk.radius)

    assert sorted(chunk.flips().tolist()) == near.tolist()


@pytest.mark.parametrize("chunks", PLANS)
def test_chunk_values_put_together_are_the_hash(chunks):
    value = random_hashes(1, seed=1)

    joined = sum(
        int(chunk.values(as_words(value))[0]) << chunk.start for chunk in chunk_plan(chunks)
    )

    assert joined == int.from_bytes(value.tobytes(), "little")


@pytest.mark.parametrize("chunks", [-1, 1, 9, 33])
def test_a_plan_that_cannot_be_searched_is_refused(chunks):
    with pytest.raises(ValueError, match="chunks"):
        chunk_plan(chunks)


@pytest.mark.parametrize(
    ("count", "chunks"), [(0, 0), (4_096, 0), (4_097, 13), (10_000_000, 12), (20_000_000, 11)]
)
def test_the_plan_follows_the_size(count, chunks):
    assert chunks_for(count) == chunks
