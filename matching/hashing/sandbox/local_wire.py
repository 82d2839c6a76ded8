"""The replies of a decoder process that looks at parts of pictures; see `wire`.

A reply to QUERY_LOCAL is one picture after the other: `keypoints, height, width`, then geometry
(16 bytes a keypoint), codes and mirrored codes (32 each), luma (height * width).
"""

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from matching.hashing.local.arrays import Bytes, Floats
from matching.hashing.local.extracted import MAX_KEYPOINTS, MAX_SIDE, Extracted
from matching.hashing.local.signature import LocalSignature
from matching.hashing.sandbox.wire import Outcome, WireError, hashed
from matching.hashing.signal import SignalInvalid

_PICTURE: Final = struct.Struct("<HHH")
_PLACE_BYTES: Final = 16
_CODE_BYTES: Final = 32


def encode_pictures(pictures: tuple[Extracted, ...]) -> bytes:
    """The reply to QUERY_LOCAL."""
    return bytes([Outcome.HASHED]) + b"".join(map(_encode, pictures))


def decode_pictures(reply: bytes) -> tuple[Extracted, ...]:
    """Read the reply to QUERY_LOCAL; raise the ImageError it stands for, or WireError."""
    pictures = tuple(_decode(np.frombuffer(hashed(reply), np.uint8)))
    if not pictures:
        raise WireError("no picture at all")
    return pictures


def encode_signature(signature: LocalSignature | None) -> bytes:
    """The reply to REGISTER_LOCAL; empty for a picture that is too smooth."""
    return bytes([Outcome.HASHED]) + (b"" if signature is None else signature.to_bytes())


def decode_signature(reply: bytes) -> bytes | None:
    """Read the reply to REGISTER_LOCAL; raise the ImageError it stands for, or WireError."""
    body = hashed(reply)
    try:
        return LocalSignature.from_bytes(body).to_bytes() if body else None
    except SignalInvalid as error:
        raise WireError(str(error)) from error


def _encode(picture: Extracted) -> bytes:
    header = _PICTURE.pack(len(picture.codes), *picture.gray.shape)
    arrays = (picture.geometry, picture.codes, picture.mirrored, picture.gray)
    return header + b"".join(array.tobytes() for array in arrays)


def _decode(body: Bytes) -> Iterator[Extracted]:
    while len(body):
        if len(body) < _PICTURE.size:
            raise WireError("a picture without its sizes")
        count, height, width = _PICTURE.unpack(body[: _PICTURE.size].tobytes())
        if count > MAX_KEYPOINTS or not 0 < height <= MAX_SIDE or not 0 < width <= MAX_SIDE:
            raise WireError("a picture of absurd size")
        lengths = (count * _PLACE_BYTES, count * _CODE_BYTES, count * _CODE_BYTES, height * width)
        ends = np.cumsum((_PICTURE.size, *lengths))
        if len(body) < ends[-1]:
            raise WireError("a picture that ends early")
        _, geometry, codes, mirrored, gray, body = np.split(body, ends)
        yield Extracted(
            _places(geometry),
            codes.reshape(count, _CODE_BYTES),
            mirrored.reshape(count, _CODE_BYTES),
            gray.reshape(height, width),
        )


def _places(data: Bytes) -> Floats:
    """Sound numbers only: a search must not be led outside of what is there."""
    places: Floats = np.frombuffer(data.tobytes(), "<f4").reshape(-1, 4)
    if not np.isfinite(places).all() or (np.abs(places) > 1e4).any() or (places[:, 2] <= 0).any():
        raise WireError("a keypoint out of this world")
    return places
