"""Load or compile the kernels before the first request needs them."""

from __future__ import annotations

import numpy as np

from matching.index.delta import DeltaIndex
from matching.index.engine import engine
from matching.index.neighbours import HASH_BYTES, MAX_RADIUS, as_words
from matching.index.photodna import VALUE_BYTES, SquaredL2Index
from matching.index.plan import chunk_plan
from matching.index.tables import Tables


def warm_up() -> None:
    """Run every search kernel once on one hash of zeros; call it when a process starts.

    Takes about 0.3 s with numba's cache in place and some seconds without (NUMBA_CACHE_DIR).
    """
    zero = np.zeros((1, HASH_BYTES), np.uint8)
    words = as_words(zero)
    engine().probe(Tables.build(words, chunk_plan(16)), words, MAX_RADIUS)
    delta = DeltaIndex()
    delta.add(zero)
    delta.search_any(zero)
    value = np.zeros((1, VALUE_BYTES), np.uint8)
    SquaredL2Index(value).search(value[0], 0)
