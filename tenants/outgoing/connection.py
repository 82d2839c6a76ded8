"""A connection to a checked address that takes no longer than it may, whatever the other side does.

`http.client` waits for every read anew. Here each read gets what is left of the whole time.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from functools import cache
from http.client import HTTPConnection
from typing import Any, Final

from tenants.outgoing.addresses import Address
from tenants.outgoing.errors import NotReached, Unreached
from tenants.outgoing.target import Target

CONNECT_SECONDS: Final = 3.0


class Deadline:
    """The end of a request."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain. Raises TimeoutError when none do."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class TimedSocket:
    """What `http.client` needs of a socket, each operation bounded by the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = sock, deadline

    def sendall(self, data: Any) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._socket, self._deadline))

    def close(self) -> None:
        """Leaves it open: `http.client` closes once it has the headers, before the body is read."""


class _Reading(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


def connected(
    target: Target, addresses: Iterable[Address], deadline: Deadline
) -> tuple[HTTPConnection, socket.socket]:
    """A connection to the first of `addresses` that answers, and its socket, to be closed.

    Raises NotReached, OSError.
    """
    sock = _first(addresses, target.port, deadline)
    try:
        if target.scheme == "https":
            sock.settimeout(deadline.left())
            sock = tls_context().wrap_socket(sock, server_hostname=target.host)
    except BaseException:
        sock.close()
        raise
    connection = HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # else it would resolve the name once more
    connection.sock = TimedSocket(sock, deadline)
    return connection, sock


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates are verified by name against the system's authorities, or `SSL_CERT_FILE`."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _first(addresses: Iterable[Address], port: int, deadline: Deadline) -> socket.socket:
    failure: OSError = ConnectionError()
    for address in addresses:
        try:
            return _to(address, port, deadline)
        except OSError as error:
            failure = error
    raise failure


def _to(address: Address, port: int, deadline: Deadline) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(min(CONNECT_SECONDS, deadline.left()))
        sock.connect((str(address), port))
        if ipaddress.ip_address(sock.getpeername()[0]) != address:
            raise NotReached(Unreached.CONNECTION)
    except BaseException:
        sock.close()
        raise
    return sock
