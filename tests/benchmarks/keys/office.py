"""A tenant that issues, rotates and revokes keys over HTTP, and knows every secret it was told."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from http.client import HTTPConnection

HOST = "127.0.0.1"
SECONDS_TO_ANSWER = 30.0
OWN_KEY = "/v1/key"  # what is asked when nothing but the key matters


@dataclass(frozen=True)
class Key:
    """A key that was issued. `secret` is the whole token."""

    id: str
    secret: str


class Caller:
    """A connection that stays open, so one web process answers all that is asked on it."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=SECONDS_TO_ANSWER)

    @property
    def local_port(self) -> int:
        """By which the service's end of the connection can be told."""
        return int(self._connection.sock.getsockname()[1])

    def ask(
        self,
        secret: str,
        method: str = "GET",
        path: str = OWN_KEY,
        body: object = None,
        **headers: str,
    ) -> tuple[int, bytes]:
        """Status and body. Bytes are sent as they are, anything else as JSON; names of headers with
        `_` for `-`. A POST is sent under an `Idempotency-Key` of its own unless one is told.
        """
        told = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        if method == "POST":
            told["Idempotency-Key"] = secrets.token_hex(8)
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body if isinstance(body, bytes | None) else json.dumps(body)
        self._connection.request(method, path, body=sent, headers=told)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        self._connection.close()


@dataclass
class Office:
    """`keeper` is a key that may make others; every secret that was issued stands in `issued`."""

    port: int
    keeper: str
    issued: list[Key] = field(default_factory=list)

    def ask_once(
        self, secret: str, method: str = "GET", path: str = OWN_KEY, body: object = None
    ) -> tuple[int, bytes]:
        """Over a connection of its own: any web process may answer."""
        caller = Caller(self.port)
        try:
            return caller.ask(secret, method, path, body)
        finally:
            caller.close()

    def issue(self, **terms: object) -> Key:
        usual = {"name": "trial", "environment": "live", "scopes": ["match", "keys"]}
        return self._made(self.keeper, "/v1/keys", {**usual, **terms})

    def rotate(self, key: Key, *, overlap_seconds: int) -> Key:
        """The successor, asked for with the key itself."""
        path = f"/v1/keys/{key.id}/rotate"
        return self._made(key.secret, path, {"overlap_seconds": overlap_seconds})

    def revoke(self, key: Key) -> None:
        status, body = self.ask_once(self.keeper, "DELETE", f"/v1/keys/{key.id}")
        _expect(204, status, body)

    def _made(self, secret: str, path: str, terms: object) -> Key:
        status, body = self.ask_once(secret, "POST", path, terms)
        _expect(201, status, body)
        told = json.loads(body)
        self.issued.append(Key(told["id"], told["secret"]))
        return self.issued[-1]


def _expect(wanted: int, status: int, body: bytes) -> None:
    if status != wanted:
        raise ConnectionError(f"{status} instead of {wanted}: {body!r}")
