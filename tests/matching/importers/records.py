"""Records of invented pictures: every number gives other hashes."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np


def pdq_of(number: int) -> str:
    """A hash as a photo has it: 128 of its 256 bits are set."""
    bits = np.random.default_rng(number).permutation(np.arange(256) % 2)
    return np.packbits(bits).tobytes().hex()


def record(number: int, **changes: Any) -> dict[str, Any]:
    """What `hash_images` says of picture `number`; a change to None takes a key out."""
    name = f"picture {number}".encode()
    whole = {
        "file": f"folder/{number}.jpg",
        "md5": hashlib.md5(name, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(name, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(name).hexdigest(),
        "pdq": pdq_of(number),
        "pdq_quality": 100,
        "width": 640,
        "height": 480,
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def signature_file(*lines: dict[str, Any] | str | bytes) -> io.BytesIO:
    return io.BytesIO(b"".join(_line(line) + b"\n" for line in lines))


def _line(line: dict[str, Any] | str | bytes) -> bytes:
    if isinstance(line, bytes):
        return line
    return (line if isinstance(line, str) else json.dumps(line)).encode()
