"""Logs made in memory, as a service writes them and as a tamperer would."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenants.audit import merkle
from tenants.audit.verify import ED25519, canonical, covering, key_hash, leaf_hash

Row = dict[str, Any]
OUR_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
SIZE, KNOWN = 40, 30  # of a log, and of a checkpoint of it from earlier
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)


def event(log: str, sequence: int, **more: Any) -> Row:
    return {
        "log": log,
        "sequence": sequence,
        "at": f"2026-11-22T19:{sequence // 60:02}:{sequence % 60:02}.000000Z",
        "actor": "tests",
        "action": "key.read",
        "target": f"{log} {sequence}",
        "data": {"n": sequence, "text": "ü=1"},
        **more,
    }


@dataclass
class Log:
    """A log, signed with `key`; `rows` are its events with their leaf hashes."""

    name: str
    rows: list[Row] = field(default_factory=list)
    key: Ed25519PrivateKey = OUR_KEY

    @classmethod
    def of(cls, count: int, name: str = "ten_acme") -> Log:
        log = cls(name)
        log.append(count)
        return log

    @property
    def origin(self) -> str:
        return f"hashes.example.org/audit/{self.name}"

    def append(self, count: int) -> None:
        for _ in range(count):
            self.rows.append(hashed(event(self.name, len(self.rows))))

    def copy(self) -> Log:
        return Log(self.name, copy.deepcopy(self.rows), self.key)

    def rehash(self) -> None:
        """What somebody does who can write to every table: all numbers and hashes fit again."""
        for sequence, row in enumerate(self.rows):
            row.update(sequence=sequence)
            row.update(hashed({name: row[name] for name in row if name != "leaf_hash"}))

    def public_key(self) -> str:
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        encoded = base64.b64encode(ED25519 + public).decode()
        return f"{self.origin}+{key_hash(self.origin, public).hex()}+{encoded}"

    def node(self, level: int, index: int) -> bytes:
        rows = self.rows[index << level : (index + 1) << level]
        return merkle.subtree([bytes.fromhex(row["leaf_hash"]) for row in rows])

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.rows) if size is None else size
        root = base64.b64encode(merkle.root(self.node, 0, size)).decode()
        text = f"{self.origin}\n{size}\n{root}\n"
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        signature = key_hash(self.origin, public) + self.key.sign(text.encode())
        return f"{text}\n— {self.origin} {base64.b64encode(signature).decode()}\n"

    def consistency(self, old: int, new: int) -> Row:
        path = merkle.consistency_proof(self.node, old=old, new=new)
        return {"from_size": old, "to_size": new, "consistency": [node.hex() for node in path]}

    def report(self, start: int | None = None, end: int | None = None) -> list[Row]:
        """The records of a report of the events `start` to before `end`."""
        first, last, size = start or 0, len(self.rows) if end is None else end, len(self.rows)
        head = {
            "log": self.name,
            "key": self.public_key(),
            "from": None if start is None else "2026-01-01",
            "to": None if end is None else "2027-01-01",
            "first": first,
            "before": self._hex(covering(0, first)),
        }
        tail = {"note": self.checkpoint(), "after": self._hex(covering(last, size))}
        return [{"report": head}, *copy.deepcopy(self.rows[first:last]), {"checkpoint": tail}]

    def _hex(self, places: Iterable[tuple[int, int]]) -> list[str]:
        return [self.node(level, index).hex() for level, index in places]


def hashed(row: Row) -> Row:
    return {**row, "leaf_hash": leaf_hash(canonical(row)).hex()}


Tampering = Callable[[Log], None]
