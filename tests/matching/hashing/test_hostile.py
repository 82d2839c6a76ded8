"""Hostile files come out as an ImageError or as hashes, never as anything else."""

import pytest

from matching.hashing import DecoderPool, ImageError, hash_image, query_image
from tests.hostile import generate

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def test_only_image_errors_come_out_of_hostile_files() -> None:
    refused = 0
    for _, data in generate(250, seed=1):
        for hashed in (query_image, hash_image):
            try:
                hashed(data)
            except ImageError:
                refused += 1
    assert refused > 200


@pytest.mark.slow
def test_decoder_processes_survive_two_thousand_hostile_files() -> None:
    refused = 0
    with DecoderPool(2) as pool:
        for _, data in generate(2_000, seed=2):
            try:
                pool.query(data)
            except ImageError:
                refused += 1
    assert refused > 800
