"""A load client that costs little itself: keep-alive connections, requests made beforehand."""

from __future__ import annotations

import itertools
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """A whole HTTP request and the one verdict that is right."""

    request: bytes
    verdict: str


@dataclass(slots=True)
class Load:
    """What came of it: seconds of every answer, what went wrong, seconds and CPU seconds in all."""

    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Right answers per second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Seconds within which `share` of the answers came."""
        ordered = sorted(self.latencies)
        return (
            ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
        )


def image_call(secret: str, data: bytes, verdict: str) -> Call:
    return Call(_request("/v1/match", secret, "image/jpeg", data), verdict)


def parts_call(secret: str, data: bytes, how: str = "true") -> bytes:
    """A request for parts: `how` is what `enhance` says."""
    return _request(f"/v1/match?enhance={how}", secret, "image/jpeg", data)


def hash_call(secret: str, pdq: str, verdict: str) -> Call:
    return item_call(secret, {"pdq": pdq, "pdq_quality": 100}, verdict)


def digest_call(secret: str) -> Call:
    """A look-up of a digest that no list knows."""
    return item_call(secret, {"md5": "00" * 16}, "no_known_match")


def item_call(secret: str, item: Mapping[str, object], verdict: str) -> Call:
    body = json.dumps({"items": [item]}).encode()
    return Call(_request("/v1/match/hashes", secret, "application/json", body), verdict)


def _request(path: str, secret: str, content_type: str, body: bytes) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        f"Authorization: Bearer {secret}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "User-Agent: benchmark",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drive(port: int, calls: Sequence[Call], connections: int, seconds: float) -> Load:
    """Send `calls` again and again over that many connections for that long."""
    started, cpu = time.perf_counter(), time.process_time()
    source, total = itertools.cycle(calls), Load()  # next() of a cycle is atomic
    with ThreadPoolExecutor(connections) as threads:
        client = partial(_client, port, source, started + seconds)
        for part in threads.map(lambda _: client(), range(connections)):
            total.latencies += part.latencies
            total.errors += part.errors
            total.wrong += part.wrong
    total.seconds = time.perf_counter() - started
    total.cpu = time.process_time() - cpu
    return total


def _client(port: int, calls: Iterator[Call], end: float) -> Load:
    load, connection = Load(), connect(port)
    while (start := time.perf_counter()) < end:
        call = next(calls)
        try:
            status, body = exchange(connection, call.request)
        except OSError as error:
            load.errors[str(error)] += 1
            connection.close()
            connection = connect(port)
            continue
        if status != 200:
            load.errors[str(status)] += 1
        elif verdict_in(body) != call.verdict:
            load.wrong += 1
        else:
            load.latencies.append(time.perf_counter() - start)
    connection.close()
    return load


def connect(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exchange(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Status and body of the answer. Raises OSError when the connection breaks."""
    connection.sendall(request)
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _some(connection)
    status, length = int(received[9:12]), _LENGTH.search(received, 0, end)
    if length is None:
        raise ConnectionError(f"{status} without a length")
    body = received[end + 4 :]
    while len(body) < int(length[1]):
        body += _some(connection)
    return status, body


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError("the connection was closed")
    return data


def verdict_in(body: bytes) -> str:
    """The verdict of an image's answer, or of the only item of a hash look-up."""
    answer = json.loads(body)
    [result] = answer.get("results", [answer])
    return str(result.get("verdict"))
