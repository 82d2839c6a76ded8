"""Hosts on loopback: HTTP servers that behave in every way, a resolver that lies, an authority."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE, ELSEWHERE = "127.0.0.2", "127.0.0.1"  # what rules allow, and what they never do
A_RECORD, ANSWER_HERE = 1, b"\xc0\x0c"


class Listener(socketserver.ThreadingTCPServer):
    """Answers every connection by `serve`, and counts them."""

    daemon_threads, allow_reuse_address, request_queue_size = True, True, 64

    def __init__(self, serve: Callable[[socket.socket], None], address: str) -> None:
        self.serve, self.connections, self.requests = serve, 0, []  # type: ignore[var-annotated]
        super().__init__((address, 0), None)  # type: ignore[arg-type]

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        self.connections += 1
        self.serve(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is no error here."""


@contextmanager
def listening(serve: Callable[[socket.socket], None], address: str = HERE) -> Iterator[Listener]:
    with Listener(serve, address) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def request_of(sock: socket.socket) -> bytes:
    """The head of a request, and its body as far as it says how long that is."""
    data = b""
    while b"\r\n\r\n" not in data and (part := sock.recv(65_536)):
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    announced = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    length = int(announced[0].split(b":")[1]) if announced else 0
    while len(body) < length and (part := sock.recv(65_536)):
        body += part
    return head + b"\r\n\r\n" + body


def answering(
    body: bytes = b"hello", status: str = "200 OK", *headers: str, seen: list[bytes] | None = None
) -> Callable[[socket.socket], None]:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    answer = "\r\n".join(lines).encode() + body

    def serve(sock: socket.socket) -> None:
        request = request_of(sock)
        if seen is not None:
            seen.append(request)
        sock.sendall(answer)

    return serve


class Resolver(socketserver.ThreadingUDPServer):
    """A name server (RFC 1035); `addresses` answers a question by its number."""

    daemon_threads = True

    def __init__(self, addresses: Callable[[int], list[str]]) -> None:
        self.addresses, self.questions = addresses, 0
        super().__init__(("127.0.0.1", 0), None)  # type: ignore[arg-type]

    def finish_request(self, request: Any, client_address: Any) -> None:
        query, sock = request
        chosen = self.addresses(self.questions)
        self.questions += 1
        records = b"".join(
            ANSWER_HERE
            + struct.pack(">HHIH", A_RECORD, 1, 0, 4)
            + ipaddress.IPv4Address(address).packed
            for address in chosen
        )
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(chosen), 0, 0)
        sock.sendto(head + query[12:] + records, client_address)


def asked(server: Resolver, name: str) -> list[str]:
    """What a stub resolver makes of it: one question over UDP, all A records of the answer."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack(">HH", A_RECORD, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.sendto(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question, server.server_address)
        answer = sock.recv(4096)
    count = struct.unpack(">H", answer[6:8])[0]
    records = answer[12 + len(question) :]
    return [socket.inet_ntoa(records[16 * place + 12 : 16 * place + 16]) for place in range(count)]


@contextmanager
def resolving(addresses: Callable[[int], list[str]], monkeypatch: Any) -> Iterator[Resolver]:
    """Every name is asked of a name server of our own."""
    with Resolver(addresses) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

        def getaddrinfo(host: str, port: Any, **_: Any) -> list[Any]:
            found = asked(server, host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield server
        server.shutdown()


def certified(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a certificate for `name`, self-signed, left as `folder/ca.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context
