"""What is asked of a filled installation: a tenth is known."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.benchmarks.filled import Filled
from tests.benchmarks.load import Call, hash_call, image_call

MATCH, NO_MATCH = "match", "no_known_match"
ONE_IN = 10  # is known
HASH_CALLS = 2_000
BITS_OFF = 20  # of a known hash; 31 would still match


def image_calls(filled: Filled, images: Sequence[bytes]) -> list[Call]:
    """Uploads; of the images, the first in every ten is on the list."""
    return [
        image_call(filled.secret, data, NO_MATCH if number % ONE_IN else MATCH)
        for number, data in enumerate(images)
    ]


def hash_calls(filled: Filled) -> list[Call]:
    """Look-ups of one PDQ value each, the known ones some bits off."""
    rng = random.Random(5)
    known = [_bits_off(rng, rng.choice(filled.known)) for _ in range(HASH_CALLS // ONE_IN)]
    unknown = [rng.randbytes(32).hex() for _ in range(HASH_CALLS - len(known))]
    calls = [hash_call(filled.secret, pdq, MATCH) for pdq in known]
    calls += [hash_call(filled.secret, pdq, NO_MATCH) for pdq in unknown]
    rng.shuffle(calls)
    return calls


def _bits_off(rng: random.Random, pdq: str) -> str:
    flips = sum(1 << bit for bit in rng.sample(range(256), BITS_OFF))
    return f"{int(pdq, 16) ^ flips:064x}"
