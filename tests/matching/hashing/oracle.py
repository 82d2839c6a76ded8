"""What the tests judge by: the reference implementation, and distances counted bit by bit."""

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image


def reference_hash(image: Image.Image) -> tuple[bytes, int]:
    """PDQ hash and quality as the C++ reference computes them."""
    bits, quality = pdqhash.compute(np.asarray(image.convert("RGB")))
    return np.packbits(bits.astype(np.uint8)).tobytes(), int(quality)


def distance(first: bytes, second: bytes) -> int:
    """Hamming distance of two hashes, in bits."""
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()


def nearest(value: bytes, hashes: NDArray[np.uint8]) -> int:
    """Hamming distance from a hash to the nearest row of (n, 32)."""
    return min((distance(value, row.tobytes()) for row in hashes), default=256)
