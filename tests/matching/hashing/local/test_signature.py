"""The binary format: what is written can be read, and nothing else can."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from matching.hashing import SignalInvalid
from matching.hashing.local import LocalSignature

HEADER = struct.Struct("<2sBBHHQ")
HALF = (1 << 29) - 1


def made(count: int = 128, informative: int = 58, width: int = 512, height: int = 341) -> Any:
    rng = np.random.default_rng(count)
    mask = np.arange(58) < informative
    return LocalSignature(
        codes=rng.integers(0, 256, (count, 32), dtype=np.uint8),
        geometry=rng.integers(0, 256, (count, 4), dtype=np.uint8),
        windows=rng.integers(0, 256, (58, 8), dtype=np.uint8) * mask[:, None],
        informative=mask,
        width=width,
        height=height,
    )


@pytest.mark.parametrize("count", [0, 1, 77, 128])
def test_what_is_written_reads_back_the_same(count: int) -> None:
    signature = made(count, informative=29)
    again = LocalSignature.from_bytes(signature.to_bytes())
    for name in ("codes", "geometry", "windows", "informative"):
        np.testing.assert_array_equal(getattr(again, name), getattr(signature, name))
    assert (again.width, again.height, again.version) == (512, 341, 1)
    assert again.to_bytes() == signature.to_bytes()


def test_full_signature_takes_five_kilobytes() -> None:
    assert len(made().to_bytes()) == 5088


def test_layout_is_the_documented_one() -> None:
    signature = made(3, informative=29)
    data = signature.to_bytes()
    assert HEADER.unpack_from(data) == (b"HL", 1, 3, 512, 341, HALF)
    assert data[16:112] == signature.codes.tobytes()
    assert data[112:124] == signature.geometry.tobytes()
    assert data[124:] == signature.windows.tobytes()


def test_windows_without_information_are_written_as_zeros() -> None:
    signature = made(1)
    signature.informative[5] = False
    assert not LocalSignature.from_bytes(signature.to_bytes()).windows[5].any()


def changed(**header: Any) -> bytes:
    data = made(3, informative=29).to_bytes()
    fields = dict(
        zip(("magic", "version", "count", "w", "h", "mask"), HEADER.unpack_from(data), strict=True)
    )
    return HEADER.pack(*(fields | header).values()) + data[16:]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HL\x01",
        changed(magic=b"XX"),
        changed(version=2),
        changed(count=4),
        changed(count=129),
        changed(w=511),
        changed(w=513),
        changed(h=513),
        changed(h=15),
        changed(mask=1 << 58),
        changed(mask=HALF >> 1),
        made(3).to_bytes()[:-1],
        made(3).to_bytes() + b"\0",
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(SignalInvalid):
        LocalSignature.from_bytes(data)


@pytest.mark.parametrize(
    ("count", "informative", "gated"), [(20, 12, False), (19, 58, True), (128, 11, True)]
)
def test_signature_with_little_to_go_by_is_gated(count: int, informative: int, gated: bool) -> None:
    assert made(count, informative).gated is gated
