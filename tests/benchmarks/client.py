"""A client of the service for trials: a connection a call, so that each survives what dies."""

from __future__ import annotations

import http.client
import json
from typing import Any

TIMEOUT_SECONDS = 120


class Client:
    """Asks as one tenant."""

    def __init__(self, port: int, secret: str) -> None:
        self._port, self._secret = port, secret

    def ask(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "text/plain"
    ) -> bytes:
        """The body of a 2xx. Raises RuntimeError for any other answer, OSError for none."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": content_type}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer

    def ask_json(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        return json.loads(self.ask(method, path, data, "application/json"))
