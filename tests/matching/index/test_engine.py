"""Where the index runs: with kernels ready, without numba, without a place for its cache."""

import os
import subprocess
import sys

import numpy as np
import pytest

from matching.index import (
    DeltaIndex,
    HammingIndex,
    SquaredL2Index,
    build,
    kernel,
    photodna_kernel,
    warm_up,
)
from tests.matching.index.planted import random_hashes

SEARCH = """
import numpy as np
from matching.index import DeltaIndex, warm_up
warm_up()
delta = DeltaIndex()
delta.add(np.zeros((1, 32), np.uint8))
print(delta.search_any(np.zeros((1, 32), np.uint8)).pairs() == [(bytes(32), 0)])
"""


def run(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_no_request_waits_for_the_compiler_after_warm_up(tmp_path):
    """A kernel compiled for a second memory layout would be compiled in a request, for seconds."""
    warm_up()
    hashes = random_hashes(50, seed=1)
    for chunks in (0, 16):
        build(hashes, tmp_path / f"hashes-{chunks}", chunks=chunks)
        index = HammingIndex.open(tmp_path / f"hashes-{chunks}")
        index.search(np.frombuffer(bytes(33), np.uint8)[1:])
        index.search_any(hashes[::2])
    delta = DeltaIndex()
    delta.add(hashes)
    delta.search_any(hashes[::-1])
    SquaredL2Index(np.zeros((2, 144), np.uint8)).save(tmp_path / "values")
    SquaredL2Index.open(tmp_path / "values").search(np.frombuffer(bytes(144), np.uint8), 9)

    kernels = (kernel.scan, kernel.probe, photodna_kernel.squared_l2)
    assert [len(compiled.signatures) for compiled in kernels] == [1, 1, 1]


def test_without_numba_the_search_is_numpys():
    assert run("import sys; sys.modules['numba'] = None" + SEARCH) == "True"


@pytest.mark.slow
def test_without_a_writable_cache_the_kernels_are_compiled_in_memory():
    nowhere = "/dev/null/numba"
    located = "UserProvidedCacheLocator"

    assert run(SEARCH, NUMBA_CACHE_DIR=nowhere, NUMBA_CACHE_LOCATOR_CLASSES=located) == "True"
