"""A decoder process taken over by its input: `python -m … FD …`; the file says what it does."""

import os
import socket
import sys

from matching.hashing.sandbox.wire import LENGTH, REQUEST, receive


def main() -> None:
    """Greet like a sound worker, then do as the file bids."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.sendall(b"\1")
    while True:
        _, length = REQUEST.unpack(receive(connection, REQUEST.size))
        bidding = bytes(receive(connection, length))
        if bidding == b"die":
            os.abort()
        connection.sendall(reply_to(bidding))


def reply_to(bidding: bytes) -> bytes:
    """What goes over the wire: announced length and body."""
    if bidding == b"boast":
        return LENGTH.pack(0xFFFFFFFF)
    return LENGTH.pack(len(bidding)) + bidding


if __name__ == "__main__":
    main()
