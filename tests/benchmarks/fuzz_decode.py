"""Fuzz decoding and hashing: nothing but an ImageError may come out.

    python -m tests.benchmarks.fuzz_decode [--minutes 10] [--seed 0]

Hypothesis damages sound files of every accepted kind, in process, so that the failing bytes are
shrunk to the smallest that fail. Ends with status 1 and the example when something else comes out.
"""

import argparse
import time
import warnings
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from matching.hashing import DecodeLimits, ImageError, hash_image, query_image
from tests.hostile import sound_files

EXAMPLES_PER_ROUND = 500
LIMITS = DecodeLimits(max_pixels=4_000_000, max_total_pixels=20_000_000)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A sound file with up to eight edits: bytes replaced, removed or put in, and a cut."""
    data = bytearray(draw(st.sampled_from(sorted(sound_files().values()))))
    for _ in range(draw(st.integers(0, 8))):
        # Half of the edits hit the first 256 bytes, where sizes, counts and offsets are.
        reach = draw(st.sampled_from([min(256, len(data)), len(data)]))
        at = draw(st.integers(0, reach))
        replaced = draw(st.integers(0, 16))
        data[at : at + replaced] = draw(st.binary(max_size=16))
    if draw(st.booleans()):
        del data[draw(st.integers(0, len(data))) :]
    return bytes(data)


def run(minutes: float, first_seed: int) -> Counter[str]:
    """Fuzz for so many minutes; how often each outcome was seen."""
    outcomes: Counter[str] = Counter()

    def survives(data: bytes) -> None:
        for hashed in (query_image, hash_image):
            try:
                hashed(data, limits=LIMITS)
                outcomes["hashed"] += 1
            except ImageError as error:
                outcomes[type(error).__name__] += 1

    checked = settings(
        max_examples=EXAMPLES_PER_ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )(given(damaged_files())(survives))
    end, round_ = time.monotonic() + 60 * minutes, first_seed
    while time.monotonic() < end:
        seed(round_)(checked)()
        round_ += 1
    return outcomes


def main() -> None:
    """Fuzz and print what came out."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--seed", type=int, default=0)
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    outcomes = run(chosen.minutes, chosen.seed)
    print(f"{outcomes.total()} hashings in {chosen.minutes:g} minutes, no other exception:")
    for name, count in outcomes.most_common():
        print(f"{count:9}  {name}")


if __name__ == "__main__":
    main()
