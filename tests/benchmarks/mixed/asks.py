"""What is asked: many kinds of request, most of them small."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

JSON, JPEG = "application/json", "image/jpeg"
# How many of 100 requests are of each kind.
WEIGHTS = {
    "hashes": 22,
    "hashes again": 10,
    "image": 3,
    "no image": 2,
    "malformed": 6,
    "unknown submission": 10,
    "wrong method": 5,
    "scope missing": 6,
    "limited": 6,
    "own key": 10,
    "usage": 5,
    "events": 4,
    "checkpoint": 2,
    "issue key": 2,
    "revoke key": 2,
    "feedback": 2,
    "batch": 3,
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be answered. `once`: it bears an `Idempotency-Key`."""

    kind: str
    method: str
    path: str
    secret: str
    body: bytes | None = None
    media_type: str = JSON
    once: bool = False

    def headers(self, *, name: str, key: str) -> dict[str, str]:
        """`name` tells the attempt in the audit log, `key` is the same for all attempts."""
        told = {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": self.media_type,
            "User-Agent": name,
        }
        return told | ({"Idempotency-Key": key} if self.once else {})


@dataclass
class Asks:
    """Makes the request of a number, and learns from answers what else can be asked."""

    tenants: Sequence[Mapping[str, str]]
    pictures: Sequence[bytes]
    issued: deque[tuple[Mapping[str, str], str]] = field(default_factory=deque)
    matched: deque[tuple[Mapping[str, str], str]] = field(default_factory=deque)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kinds = [kind for kind, times in WEIGHTS.items() for _ in range(times)]
        random.Random(5).shuffle(self._kinds)

    def make(self, number: int) -> Ask:
        kind = self._kinds[number % len(self._kinds)]
        tenant = self.tenants[number % len(self.tenants)]
        known = {"revoke key": self.issued, "feedback": self.matched}.get(kind)
        try:
            tenant, thing = known.popleft() if known is not None else (tenant, "")
        except IndexError:
            thing = "unknown"
        return self._asked(kind, number, tenant, thing)

    def of_nobody(self, number: int) -> Ask:
        """A request without a good key. These come by the clock: a flood is told by its number."""
        if number % 2:
            return Ask("leaked key", "POST", "/v1/leaked-keys", "", b'{"key": "made up"}')
        return Ask("wrong key", "GET", "/v1/key", "hs_test_nobody")

    def learn(self, ask: Ask, status: int, body: bytes) -> None:
        """Take keys to revoke, matches to judge and checkpoints to verify with from an answer."""
        if ask.kind == "checkpoint" and status == 200:
            self.notes.append(body.decode())
        elif ask.kind == "issue key" and status == 201:
            self.issued.append((self._tenant(ask.secret), json.loads(body)["id"]))
        elif ask.kind == "image" and status == 200:
            for match in json.loads(body)["matches"]:
                self.matched.append((self._tenant(ask.secret), match["match_id"]))

    def _tenant(self, secret: str) -> Mapping[str, str]:
        return next(tenant for tenant in self.tenants if tenant["all"] == secret)

    def _asked(self, kind: str, number: int, tenant: Mapping[str, str], thing: str) -> Ask:
        everything = tenant["all"]
        item = {"content_id": f"n-{number}", "md5": f"{number:032x}"}
        items = json.dumps({"items": [item]}).encode()
        picture = self.pictures[number % len(self.pictures)]
        image = f"/v1/match?content_id=n-{number}"
        terms = {"name": f"n-{number}", "environment": "test", "scopes": ["match"]}
        batch = ("POST", "/v1/batches", everything, json.dumps(item).encode() + b"\n")
        asks: dict[str, Ask] = {
            "hashes": Ask(kind, "POST", "/v1/match/hashes", everything, items),
            "hashes again": Ask(kind, "POST", "/v1/match/hashes", everything, items, once=True),
            "image": Ask(kind, "POST", image, everything, picture, JPEG, once=True),
            "no image": Ask(kind, "POST", image, everything, b"no image", JPEG, once=True),
            "malformed": Ask(kind, "POST", "/v1/match/hashes", everything, b"{"),
            "unknown submission": Ask(kind, "GET", "/v1/submissions/sub_unknown", everything),
            "wrong method": Ask(kind, "DELETE", "/v1/usage", everything),
            "scope missing": Ask(kind, "POST", "/v1/match/hashes", tenant["narrow"], items),
            "limited": Ask(kind, "POST", "/v1/match/hashes", tenant["limited"], items),
            "own key": Ask(kind, "GET", "/v1/key", everything),
            "usage": Ask(kind, "GET", "/v1/usage", everything),
            "events": Ask(kind, "GET", "/v1/audit/events?limit=1", everything),
            "checkpoint": Ask(kind, "GET", "/v1/audit/checkpoint", everything),
            "issue key": Ask(
                kind, "POST", "/v1/keys", everything, json.dumps(terms).encode(), once=True
            ),
            "revoke key": Ask(kind, "DELETE", f"/v1/keys/{thing}", everything),
            "feedback": Ask(
                kind,
                "POST",
                f"/v1/matches/{thing}/feedback",
                everything,
                b'{"verdict": "confirmed"}',
                once=True,
            ),
            "batch": Ask(kind, *batch, "application/x-ndjson", once=True),
        }
        return asks[kind]
