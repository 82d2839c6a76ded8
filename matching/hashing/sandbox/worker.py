"""The decoder process: `python -m matching.hashing.sandbox.worker FD LIMITS SANDBOX`.

Imports its libraries, confines itself, says so, and then hashes one file after another from the
socket FD until the other end is closed. LIMITS and SANDBOX are JSON of the two limit classes.
"""

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from matching.hashing.decode import DecodeLimitExceeded, DecodeLimits, ImageError
from matching.hashing.images import hash_image, query_frames
from matching.hashing.sandbox.confinement import confine, renew_cpu_limit
from matching.hashing.sandbox.limits import SandboxLimits
from matching.hashing.sandbox.wire import (
    LENGTH,
    REQUEST,
    Operation,
    encode_frames,
    encode_image,
    encode_refusal,
    receive,
)

Answer = Callable[[bytes, DecodeLimits], bytes]
"""From a file to the reply for it; raises a subclass of ImageError."""

ANSWERS: Final[Mapping[Operation, Answer]] = {
    Operation.QUERY: lambda data, limits: encode_frames(query_frames(data, limits=limits)),
    Operation.REGISTER: lambda data, limits: encode_image(hash_image(data, limits=limits)),
}


def serve(answers: Mapping[Operation, Answer]) -> None:
    """Serve jobs until the owner hangs up."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    limits = DecodeLimits(**json.loads(sys.argv[2]))
    sandbox = SandboxLimits(**json.loads(sys.argv[3]))
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    Image.init()
    _silence()
    offline = confine(memory_bytes=sandbox.memory_bytes, open_files=sandbox.open_files)
    connection.sendall(bytes([offline]))
    while True:
        try:
            operation, length = REQUEST.unpack(receive(connection, REQUEST.size))
            data = bytes(receive(connection, length))
        except EOFError:
            return
        renew_cpu_limit(sandbox.cpu_seconds)
        reply = _reply(answers[Operation(operation)], data, limits)
        del data
        connection.sendall(LENGTH.pack(len(reply)) + reply)


def _reply(answer: Answer, data: bytes, limits: DecodeLimits) -> bytes:
    try:
        return answer(data, limits)
    except ImageError as error:
        return encode_refusal(error)
    except MemoryError:
        return encode_refusal(DecodeLimitExceeded("out of memory"))


def _silence() -> None:
    """Decoder libraries print remarks about their input; nobody is to read or keep them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


if __name__ == "__main__":
    serve(ANSWERS)
