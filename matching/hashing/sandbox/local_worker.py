"""The decoder process that also looks at parts of pictures; see `worker`.

A program of its own because it loads OpenCV, which the others do without, and because after a
process confined itself it can load nothing more.
"""

from typing import Final

import numpy as np

from matching.hashing.decode import DecodeLimits
from matching.hashing.local.extraction import extract, extract_frames
from matching.hashing.local.memory import keep_memory
from matching.hashing.local.registration import register_local
from matching.hashing.sandbox.local_wire import encode_pictures, encode_signature
from matching.hashing.sandbox.wire import Operation
from matching.hashing.sandbox.worker import ANSWERS, serve


def _query(data: bytes, limits: DecodeLimits) -> bytes:
    return encode_pictures(extract_frames(data, limits=limits))


def _register(data: bytes, limits: DecodeLimits) -> bytes:
    return encode_signature(register_local(data, limits=limits))


LOCAL_ANSWERS: Final = {
    **ANSWERS,
    Operation.QUERY_LOCAL: _query,
    Operation.REGISTER_LOCAL: _register,
}


def warm_up() -> None:
    """Have every library do its work once: some open files of theirs at first use only."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    extract(noise)
    register_local(noise)


if __name__ == "__main__":
    keep_memory()
    warm_up()
    serve(LOCAL_ANSWERS)
