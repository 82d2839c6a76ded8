"""The client as its users have it: one file, imported from its folder."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "client"


@pytest.fixture(scope="session")
def hashservice_client() -> Iterator[ModuleType]:
    sys.path.insert(0, str(FOLDER))
    try:
        yield __import__("hashservice_client")
    finally:
        sys.path.remove(str(FOLDER))


@dataclass
class Asked:
    """One request as it reached the server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """A server on loopback that answers what it was told to, in this order."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    replies: deque[tuple[int, dict[str, str], bytes]] = field(default_factory=deque)

    def says(self, status: int, body: Any, **headers: str) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies.append((status, fields, json.dumps(body).encode()))

    def hangs_up(self) -> None:
        self.replies.append((0, {}, b""))


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            status, headers, content = script.replies.popleft()
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 the names the base class looks for

        def log_message(self, *arguments: object) -> None:
            """Not into the tests' output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()
