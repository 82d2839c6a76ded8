"""What is sent, what is believed of the answer, and how long it may take."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tenants import outgoing
from tenants.outgoing import AnswerTooLarge, NotReached, Unreached
from tenants.outgoing.connection import tls_context
from tests.tenants.outgoing.hosts import (
    HERE,
    answering,
    certified,
    listening,
    request_of,
    resolving,
)

pytestmark = pytest.mark.usefixtures("loopback_allowed")


@pytest.fixture
def loopback_allowed(settings: Any) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS, settings.OUTGOING_HTTP = [f"{HERE}/32"], True


def fetched(port: int, path: str = "/", seconds: float = 10, most: int = 1_000) -> outgoing.Answer:
    url = f"http://{HERE}:{port}{path}"
    return outgoing.fetch(url, most_bytes=most, seconds=seconds, accept="image/*")


def test_request_tells_host_and_agent_and_carries_nothing_else(settings):
    settings.PUBLIC_URL, seen = "https://hashes.example.org", []
    with listening(answering(b"body", seen=seen)) as host:
        answer = fetched(host.port, "/a/b?c=d#fragment")
    head = seen[0].decode().split("\r\n")

    assert (answer.status, answer.body) == (200, b"body")
    assert head[0] == "GET /a/b?c=d HTTP/1.1"
    assert sorted(head[1:-2]) == [
        "Accept-Encoding: identity",
        "Accept: image/*",
        "Connection: close",
        f"Host: {HERE}:{host.port}",
        "User-Agent: hashservice/1 (+https://hashes.example.org)",
    ]


def test_redirect_is_not_followed():
    with listening(answering()) as aim:
        location = f"Location: http://{HERE}:{aim.port}/"
        with listening(answering(b"", "302 Found", location)) as host:
            assert fetched(host.port).status == 302
        assert aim.connections == 0


def test_proxy_and_password_files_of_the_environment_are_not_used(monkeypatch, tmp_path):
    seen: list[bytes] = []
    (tmp_path / ".netrc").write_text(f"machine {HERE} login a password b\n")
    with listening(answering(seen=seen)) as host, listening(answering()) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://{HERE}:{proxy.port}")
        monkeypatch.setenv("HOME", str(tmp_path))
        fetched(host.port)

        assert proxy.connections == 0
        assert b"Authorization" not in seen[0]


def test_announced_length_beyond_the_limit_is_not_read():
    with listening(answering(b"x" * 1_001)) as host, pytest.raises(AnswerTooLarge):
        fetched(host.port, most=1_000)


def test_answer_of_no_announced_length_is_read_up_to_the_limit():
    def endless(sock: Any) -> None:
        request_of(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65_536)

    with listening(endless) as host, pytest.raises(AnswerTooLarge):
        fetched(host.port, most=100_000)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
    ids=["cut short", "chunk cut short", "huge header", "not HTTP", "nothing"],
)
def test_answer_that_makes_no_sense_is_no_answer(answer):
    def serve(sock: Any) -> None:
        request_of(sock)
        sock.sendall(answer)

    with listening(serve) as host, pytest.raises(NotReached):
        fetched(host.port)


@pytest.mark.parametrize("part", [b"H", b"HTTP/1.1 200 OK\r\n\r\nx"], ids=["headers", "body"])
def test_host_that_drips_is_given_up_in_time(part):
    stopped = threading.Event()

    def drip(sock: Any) -> None:
        request_of(sock)
        sock.sendall(part[:-1])
        while not stopped.wait(0.02):
            sock.sendall(part[-1:])

    with listening(drip) as host:
        with pytest.raises(NotReached) as refused:
            fetched(host.port, seconds=0.3)
        stopped.set()

    assert refused.value.why is Unreached.TIMEOUT


def test_closed_port_is_told_apart_from_a_refused_address():
    with listening(answering()) as host:
        port = host.port
    with pytest.raises(NotReached) as refused:
        fetched(port)

    assert refused.value.why is Unreached.CONNECTION


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with resolving(lambda _: [HERE], monkeypatch):
        yield


def served_over_tls(context: ssl.SSLContext, body: bytes = b"secret") -> Any:
    plain = answering(body)

    def serve(sock: Any) -> None:
        with context.wrap_socket(sock, server_side=True) as tls:
            plain(tls)

    return serve


@pytest.mark.usefixtures("named")
def test_certificate_is_verified_by_the_name_though_an_address_is_connected_to(
    monkeypatch, tmp_path
):
    context = certified(tmp_path, "hooks.example")
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    trust(monkeypatch, str(tmp_path / "ca.pem"))
    with listening(served_over_tls(context)) as host:
        url = f"https://hooks.example:{host.port}/"
        answer = outgoing.fetch(url, most_bytes=100, seconds=10, accept="*/*")

    assert (answer.body, names) == (b"secret", ["hooks.example"])


@pytest.mark.parametrize("fault", ["other name", "unknown authority"])
@pytest.mark.usefixtures("named")
def test_certificate_that_does_not_prove_the_name_ends_it(monkeypatch, tmp_path, fault):
    context = certified(tmp_path, "hooks.example" if fault != "other name" else "other.example")
    trust(monkeypatch, str(tmp_path / "ca.pem") if fault == "other name" else "")
    with listening(served_over_tls(context)) as host, pytest.raises(NotReached) as refused:
        outgoing.post(f"https://hooks.example:{host.port}/", body=b"{}", headers={}, seconds=10)

    assert refused.value.why is Unreached.TLS


def trust(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """The system's authorities are those in the file `path`, besides what is installed."""
    if path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
    tls_context.cache_clear()


@pytest.fixture(autouse=True)
def own_context() -> Iterator[None]:
    yield
    tls_context.cache_clear()
