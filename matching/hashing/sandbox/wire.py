"""The bytes between a decoder process and its owner.

A request is `operation, length` and the file; a reply is `length` and the body. The reader of a
reply trusts nothing: a decoder taken over by its input can send wrong hashes, but nothing that is
not a hash. So: fixed-size binary fields, every count and length checked, no pickle.
"""

import socket
import struct
import time
from dataclasses import replace
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.hashing.decode import (
    DecodeLimitExceeded,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    UnsupportedMediaType,
)
from matching.hashing.digest import Digests
from matching.hashing.images import FrameHashes, ImageHashes
from matching.hashing.pdq import PdqHash
from matching.hashing.signal import PDQ_BYTES

REQUEST: Final = struct.Struct(">BQ")
LENGTH: Final = struct.Struct(">I")
MAX_REPLY: Final = 1 << 24
MOST_COPIED: Final = 1 << 20
READ_AT_ONCE: Final = 4096  # more than the frames of most pictures take
VARIANTS: Final = 8
NO_TRIM: Final = 255

_FRAME: Final = struct.Struct(f">IIBB{VARIANTS * PDQ_BYTES}s{VARIANTS * PDQ_BYTES}s")
_IMAGE: Final = struct.Struct(f">BB{PDQ_BYTES}s{PDQ_BYTES}sIII8s")


class Operation(IntEnum):
    """What a child is asked to do with a file."""

    QUERY = 1
    REGISTER = 2
    QUERY_LOCAL = 3
    REGISTER_LOCAL = 4


class Outcome(IntEnum):
    """The first byte of a reply."""

    HASHED = 0
    UNSUPPORTED_MEDIA_TYPE = 1
    UNDECODABLE = 2
    TOO_LARGE = 3
    TOO_SMALL = 4
    LIMIT_EXCEEDED = 5


REFUSALS: Final[dict[Outcome, tuple[type[ImageError], str]]] = {
    Outcome.UNSUPPORTED_MEDIA_TYPE: (UnsupportedMediaType, "not an image of an accepted format"),
    Outcome.UNDECODABLE: (ImageUndecodable, "the image data is damaged or incomplete"),
    Outcome.TOO_LARGE: (ImageTooLarge, "the image has too many bytes, pixels or frames"),
    Outcome.TOO_SMALL: (ImageTooSmall, "a side of the image is too short"),
    Outcome.LIMIT_EXCEEDED: (DecodeLimitExceeded, "decoding took too much time or memory"),
}


class WireError(Exception):
    """The other side sent something that is not of this protocol."""


def send_request(connection: socket.socket, operation: Operation, data: bytes) -> None:
    """Send one file; raise what `sendall` raises.

    In one piece unless it is large: a child that is woken by the first bytes alone soon sleeps
    again, and to wake it twice takes longer than to copy.
    """
    request = REQUEST.pack(operation, len(data))
    if len(data) <= MOST_COPIED:
        connection.sendall(request + data)
    else:
        connection.sendall(request)
        connection.sendall(data)


def encode_refusal(error: ImageError) -> bytes:
    """The reply for an image that was refused; its text stays in the child."""
    for outcome, (kind, _) in REFUSALS.items():
        if isinstance(error, kind):
            return bytes([outcome])
    raise TypeError(f"{type(error).__name__} is not known to the protocol")


def encode_frames(frames: tuple[FrameHashes, ...]) -> bytes:
    """The reply to QUERY."""
    return bytes([Outcome.HASHED]) + b"".join(_encode_frame(frame) for frame in frames)


def decode_frames(reply: bytes) -> tuple[FrameHashes, ...]:
    """Read the reply to QUERY; raise the ImageError it stands for, or WireError."""
    body = hashed(reply)
    if not body or len(body) % _FRAME.size:
        raise WireError("frames of a wrong length")
    return tuple(_decode_frame(*fields) for fields in _FRAME.iter_unpack(body))


def encode_image(image: ImageHashes) -> bytes:
    """The reply to REGISTER, without the digests, which the owner computes itself."""
    trimmed = image.trimmed
    return bytes([Outcome.HASHED]) + _IMAGE.pack(
        image.pdq.quality,
        NO_TRIM if trimmed is None else trimmed.quality,
        image.pdq.value,
        bytes(PDQ_BYTES) if trimmed is None else trimmed.value,
        image.width,
        image.height,
        image.frames,
        image.format.encode("ascii"),
    )


def decode_image(reply: bytes, digests: Digests) -> ImageHashes:
    """Read the reply to REGISTER; raise the ImageError it stands for, or WireError."""
    body = hashed(reply)
    if len(body) != _IMAGE.size:
        raise WireError("an image of a wrong length")
    quality, trim, value, trimmed, width, height, frames, name = _IMAGE.unpack(body)
    return ImageHashes(
        digests=digests,
        pdq=PdqHash(value, _quality(quality)),
        trimmed=None if trim == NO_TRIM else PdqHash(trimmed, _quality(trim)),
        width=width,
        height=height,
        format=name.rstrip(b"\0").decode("ascii", "replace"),
        frames=frames,
    )


def receive(connection: socket.socket, length: int, deadline: float | None = None) -> bytearray:
    """Read exactly `length` bytes; raise EOFError when the other side is gone.

    With a `deadline` (of `time.monotonic`), raise TimeoutError once it has passed.
    """
    data = bytearray(length)
    view = memoryview(data)
    while view:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 1e-6))
        count = connection.recv_into(view)
        if not count:
            raise EOFError("connection closed")
        view = view[count:]
    return data


def receive_reply(connection: socket.socket, deadline: float) -> bytes:
    """Read one reply, mostly by one call; raise what `receive` raises, or WireError."""
    connection.settimeout(max(deadline - time.monotonic(), 1e-6))
    begun = connection.recv(READ_AT_ONCE)
    if not begun:
        raise EOFError("connection closed")
    if len(begun) < LENGTH.size:
        begun += receive(connection, LENGTH.size - len(begun), deadline)
    (length,) = LENGTH.unpack_from(begun)
    body = begun[LENGTH.size :]
    if not len(body) <= length <= MAX_REPLY:
        raise WireError("a reply of absurd length")
    return body + receive(connection, length - len(body), deadline)


def hashed(reply: bytes) -> bytes:
    """The body of a reply that carries hashes."""
    if not reply or reply[0] not in set(Outcome):
        raise WireError("an unknown outcome")
    if reply[0] != Outcome.HASHED:
        kind, text = REFUSALS[Outcome(reply[0])]
        raise kind(text)
    return reply[1:]


def _encode_frame(frame: FrameHashes) -> bytes:
    trim, trimmed = NO_TRIM, bytes(VARIANTS * PDQ_BYTES)
    if frame.trimmed_quality is not None and frame.trimmed_variants is not None:
        trim, trimmed = frame.trimmed_quality, frame.trimmed_variants.tobytes()
    variants = frame.variants.tobytes()
    return _FRAME.pack(frame.number, frame.pixels, frame.quality, trim, variants, trimmed)


def _decode_frame(
    number: int, pixels: int, quality: int, trim: int, variants: bytes, trimmed: bytes
) -> FrameHashes:
    whole = FrameHashes(number, pixels, _quality(quality), _rows(variants))
    if trim == NO_TRIM:
        return whole
    return replace(whole, trimmed_quality=_quality(trim), trimmed_variants=_rows(trimmed))


def _quality(value: int) -> int:
    if not 0 <= value <= 100:
        raise WireError("a quality outside 0..100")
    return value


def _rows(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(VARIANTS, PDQ_BYTES)
