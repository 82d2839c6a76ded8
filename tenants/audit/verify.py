#!/usr/bin/env python3
"""Verify hashservice's audit log, its proofs and its receipts without trusting the service.

This one file is all an auditor needs: Python 3.11 or newer and `cryptography`, no database, no
network, no other part of hashservice.

    verify_audit.py log REPORT --key KEY [--checkpoint FILE …] [--consistency FILE …]
                               [--witness WITNESS]
    verify_audit.py event EVENT PROOF --key KEY
    verify_audit.py receipt RECEIPT --keys KEYS

REPORT is what `/v1/audit/report` answers (JSON lines or CSV), KEY the log's public key
(`<name>+<id>+<base64>`), got once and kept; a `--checkpoint` file holds one or more answers of
`/v1/audit/checkpoint` from earlier, and nobody but you should have been able to change it. A log
whose key was changed has several: give `--key` for each. WITNESS is the key of a witness that has
to have signed the report's checkpoint as well.

What is verified: each event hashes to the leaf it was sealed as (SHA-256 over 0x00 and canonical
JSON: keys sorted, no spaces, UTF-8), each stands at its place in its own log, the leaves make the
root of RFC 6962 that the checkpoint states (C2SP tlog-checkpoint, Ed25519), and every checkpoint
from earlier was true of the same log. Status 0: whole. 1: tampered with, and from which sequence
number on. 2: it could not be judged.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE = b"\x01", b"\x04"  # C2SP signed-note's bytes for the algorithms
# Cells that a spreadsheet would calculate, or that begin like the mark itself, bear a "'" in front.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "'")
NOTE = re.compile(r"(?:[^\n]+\n){3,}\n(?:— [^\n]+\n)+")
WITHOUT_CHECKPOINT = (
    "No checkpoint from earlier was compared. So this can not be excluded: that the newest events "
    "were cut off, that the whole log was rewritten and signed anew, or that an old backup took "
    "its place."
)


class Tampered(Exception):
    """The log is not what it was. Everything before `sequence` is proven, or was not at issue."""

    def __init__(self, kind: str, sequence: int, text: str) -> None:
        super().__init__(f"sequence {sequence}: {text} ({kind})")
        self.kind, self.sequence = kind, sequence


class Unverifiable(Exception):
    """Nothing can be said: the wrong file, or one that is missing."""


# --- RFC 6962: the tree ---


def canonical(event: Mapping[str, Any]) -> bytes:
    return _encode(event).encode()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def covering(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest complete subtrees over the leaves [start, end), as (level, index), from left."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


class CompactRange:
    """The first `size` leaves of a tree, kept as the roots of its complete subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[tuple[int, bytes]] = []

    def append(self, node: bytes, level: int = 0) -> None:
        """Add a leaf, or a complete subtree of 2^level leaves that stands aligned."""
        self.size += 1 << level
        while self._nodes and self._nodes[-1][0] == level:
            node = node_hash(self._nodes.pop()[1], node)
            level += 1
        self._nodes.append((level, node))

    def extend(self, end: int, nodes: Sequence[str]) -> None:
        """Go on to `end` with the hex hashes of `covering(size, end)`. Raises ValueError."""
        for (level, _), node in zip(list(covering(self.size, end)), nodes, strict=True):
            self.append(bytes.fromhex(node), level)

    def root(self) -> bytes:
        if not self._nodes:
            return hashlib.sha256(b"").digest()
        (_, root), *larger = reversed(self._nodes)
        for _, left in larger:
            root = node_hash(left, root)
        return root


def included(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves the leaf at `index` of the tree of `size` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def consistent(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that `new` only adds to `old` (RFC 9162 §2.1.4.2)."""
    if old.size == new.size or old.size == 0:
        return not path and (old.size == 0 or old.root == new.root)
    nodes = list(path) if old.size & (old.size - 1) else [old.root, *path]
    if not nodes or old.size > new.size:
        return False
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, node)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == (old.root, new.root)


# --- C2SP: signed notes and checkpoints ---


@dataclass(frozen=True)
class Checkpoint:
    """A log of this origin had this root at this size."""

    origin: str
    size: int
    root: bytes


def read_checkpoint(note: str, *keys: str) -> Checkpoint:
    """The checkpoint in a note signed with one of `keys`. Raises `Unverifiable`."""
    return parse_checkpoint(signed_text(note, *keys))


def parse_checkpoint(text: str) -> Checkpoint:
    """What a checkpoint states, whoever signed it. Raises `Unverifiable`."""
    try:
        origin, size, root, *_ = text.split("\n")
        return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
    except ValueError as error:
        raise Unverifiable("this is no checkpoint") from error


def signed_text(note: str, *keys: str) -> str:
    """The text of a C2SP signed note that bears a good signature of one of `keys`."""
    for name, key_id, public in map(read_key, keys):
        text, signatures = _signatures(note, name, key_id)
        if any(_is_signed(public, signature, text.encode()) for signature in signatures):
            return text
    raise Unverifiable(f"the note bears no good signature of {' or '.join(map(_name, keys))}")


def cosigned_at(note: str, witness: str) -> int:
    """When the witness saw the note, in seconds since 1970 (C2SP tlog-cosignature, Ed25519).

    Raises `Unverifiable` when it bears no good cosignature of that key.
    """
    name, key_id, public = read_key(witness, COSIGNATURE)
    text, signatures = _signatures(note, name, key_id)
    for signature in signatures:
        at = int.from_bytes(signature[:8], "big")
        if _is_signed(public, signature[8:], f"cosignature/v1\ntime {at}\n{text}".encode()):
            return at
    raise Unverifiable(f"the note bears no good signature of the witness {name}")


def _signatures(note: str, name: str, key_id: bytes) -> tuple[str, list[bytes]]:
    """A note's text, and its signatures by that name and key."""
    text, _, lines = note.rpartition("\n\n")
    found = [line.split(" ") for line in lines.splitlines()]
    signatures = [_base64(parts[2]) for parts in found if parts[:2] == ["—", name] and parts[2:]]
    return f"{text}\n", [raw[4:] for raw in signatures if raw[:4] == key_id]


def read_key(key: str, algorithm: bytes = ED25519) -> tuple[str, bytes, bytes]:
    """Name, id and Ed25519 key of a C2SP verifier key. Raises `Unverifiable`."""
    try:
        name, key_id, encoded = key.strip().split("+", 2)
        public = base64.b64decode(encoded, validate=True)
        if public[:1] == algorithm and key_id == key_hash(name, public[1:], algorithm).hex():
            return name, bytes.fromhex(key_id), public[1:]
    except ValueError:
        pass
    raise Unverifiable("this is no public key of a log, or of a witness")


def key_hash(name: str, public: bytes, algorithm: bytes = ED25519) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + algorithm + public).digest()[:4]


def _name(key: str) -> str:
    return key.partition("+")[0]


def _base64(text: str) -> bytes:
    """The bytes that `text` encodes; none when it encodes nothing."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- A log, event by event ---


class Walk:
    """Goes through a log from `first` on and stops with `Tampered` at the first thing wrong.

    `known` are the checkpoints from earlier, `before` the hex hashes of `covering(0, first)`.
    """

    def __init__(
        self,
        log: str,
        known: Sequence[Checkpoint],
        *,
        first: int = 0,
        before: Sequence[str] = (),
        may_withhold: bool = False,
    ) -> None:
        self.log, self.agreed, self.withheld = log, 0, 0
        self.compared: set[Checkpoint] = set()
        self.tree = CompactRange()
        self.tree.extend(first, before)
        self._may_withhold = may_withhold
        self._known: dict[int, list[Checkpoint]] = {}
        for checkpoint in known:
            self._known.setdefault(checkpoint.size, []).append(checkpoint)
        self._compare_known()

    def take(self, row: dict[str, Any]) -> None:
        """The next event, or only its place and hash if its content lies outside of the period."""
        expected, found = self.tree.size, row.get("sequence")
        if found != expected:
            kind = "missing" if isinstance(found, int) and found > expected else "misplaced"
            raise Tampered(kind, expected, f"here stands sequence {found}")
        stated = row.pop("leaf_hash")
        if len(row) == 1:
            if not self._may_withhold:
                raise Tampered("missing", expected, "the event shows only its hash")
            self.withheld += 1
            leaf = bytes.fromhex(stated)
        else:
            if row.get("log") != self.log:
                raise Tampered("foreign", expected, f"the event is of the log {row.get('log')}")
            leaf = leaf_hash(canonical(row))
            if leaf.hex() != stated:
                raise Tampered("altered", expected, "the event is not what was sealed")
        self.tree.append(leaf)
        if self.tree.size in self._known:
            self._compare_known()

    def compare(self, checkpoint: Checkpoint) -> None:
        """Hold the events so far against a checkpoint of just this size."""
        if self.tree.root() != checkpoint.root:
            raise Tampered(
                "rewritten",
                self.agreed,
                f"the first {checkpoint.size} events are not those that were signed; "
                f"the first {self.agreed} are",
            )
        self.agreed = checkpoint.size
        self.compared.add(checkpoint)

    def _compare_known(self) -> None:
        for checkpoint in self._known.get(self.tree.size, ()):
            self.compare(checkpoint)


# --- A report ---


@dataclass(frozen=True)
class Whole:
    """What holds: the events [first, end) of a log of `size`."""

    log: str
    first: int
    end: int
    size: int
    withheld: int
    agreeing: int

    def __str__(self) -> str:
        count = self.end - self.first
        text = f"{self.log}: {count} events from sequence {self.first} on are whole"
        text += f", in a log of {self.size}"
        if self.withheld:
            text += f"; {self.withheld} of them lie outside of the period and show only their hash"
        return f"{text}; agreeing checkpoints from earlier: {self.agreeing}"


def verify_report(
    records: Iterable[dict[str, Any]],
    *,
    key: str,
    older_keys: Sequence[str] = (),
    witness: str = "",
    checkpoints: Sequence[str] = (),
    consistency: Sequence[Mapping[str, Any]] = (),
) -> Whole:
    """Verify a report against the log's keys and what is known from earlier.

    Raises `Tampered` and `Unverifiable`.
    """
    rows = iter(records)
    report = next(rows, {}).get("report")
    if report is None:
        raise Unverifiable("this is no report, or its beginning is missing")
    log, first = report["log"], report["first"]
    if read_key(key)[0].rpartition("/")[2] != log:
        raise Tampered("foreign", first, f"this is a report of the log {log}")
    if report["from"] is None and first:
        raise Tampered("missing", 0, f"the report begins with sequence {first}")
    keys = (key, *older_keys)
    known = [read_checkpoint(note, *keys) for note in checkpoints]
    is_part = (report["from"], report["to"]) != (None, None)
    walk = Walk(log, known, first=first, before=report["before"], may_withhold=is_part)
    end = _walk_to_checkpoint(walk, rows)
    signed = _signed_end(walk, end["note"], keys)
    if witness:
        cosigned_at(end["note"], witness)
    if report["to"] is None and walk.tree.size < signed.size:
        raise Tampered("missing", walk.tree.size, f"the log has {signed.size} events")
    whole = Whole(log, first, walk.tree.size, signed.size, walk.withheld, len(known))
    _complete(walk, signed, end["after"])
    for checkpoint in known:
        if checkpoint not in walk.compared:
            _link(walk, checkpoint, signed, consistency)
    return whole


def _walk_to_checkpoint(walk: Walk, rows: Iterator[dict[str, Any]]) -> dict[str, Any]:
    for row in rows:
        if "checkpoint" not in row:
            walk.take(row)
        elif next(rows, None) is None:
            return dict(row["checkpoint"])
        else:
            raise Tampered("misplaced", walk.tree.size, "something stands after the checkpoint")
    raise Tampered("missing", walk.tree.size, "the report ends without its checkpoint")


def _signed_end(walk: Walk, note: str, keys: Sequence[str]) -> Checkpoint:
    try:
        return read_checkpoint(note, *keys)
    except Unverifiable as error:
        raise Tampered("key", walk.agreed, str(error)) from error


def _complete(walk: Walk, signed: Checkpoint, after: Sequence[str]) -> None:
    """Add what the log has after the period, and compare the root."""
    end = walk.tree.size
    try:
        walk.tree.extend(signed.size, after)
    except ValueError as error:
        raise Tampered("missing", end, "the hashes after the last event do not fit") from error
    walk.compare(signed)


def _link(
    walk: Walk, known: Checkpoint, signed: Checkpoint, consistency: Sequence[Mapping[str, Any]]
) -> None:
    """Compare a checkpoint that falls on no event of the report."""
    old, new = sorted((known, signed), key=lambda checkpoint: checkpoint.size)
    sizes = {"from_size": old.size, "to_size": new.size}
    proof = next((proof for proof in consistency if sizes.items() <= proof.items()), None)
    if proof is not None or old.size == new.size:
        path = [bytes.fromhex(node) for node in proof["consistency"]] if proof else []
        if not consistent(old, new, path):
            raise Tampered("rewritten", walk.agreed, f"the log contradicts its size {known.size}")
    elif known.size > signed.size:
        raise Tampered("missing", signed.size, f"the log had {known.size} events already")
    else:
        raise Unverifiable(
            f"to compare the checkpoint of {old.size} events, get "
            f"/v1/audit/consistency?from_size={old.size}&to_size={new.size}"
        )


def verify_event(
    event: Mapping[str, Any], proof: Mapping[str, Any], *, key: str, older_keys: Sequence[str] = ()
) -> Checkpoint:
    """Verify one event with an answer of `/v1/audit/proof`. Raises `Tampered`, `Unverifiable`."""
    signed = read_checkpoint(proof["checkpoint"], key, *older_keys)
    content = {name: value for name, value in event.items() if name != "leaf_hash"}
    if signed.origin.rpartition("/")[2] != content["log"]:
        raise Tampered("foreign", content["sequence"], f"the event is of the log {content['log']}")
    path = [bytes.fromhex(node) for node in proof["audit_path"]]
    place = {"index": content["sequence"], "size": signed.size}
    if not included(leaf=leaf_hash(canonical(content)), path=path, root=signed.root, **place):
        raise Tampered("altered", content["sequence"], "this event was not sealed at this place")
    return signed


# --- Receipts ---


def verify_receipt(receipt: str, keys: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What a receipt states, if one of `keys` (answer of `/v1/receipt-keys`) signed it."""
    body, _, signature = receipt.strip().partition(".")
    for key in keys:
        if _is_signed(_base64url(key["x"]), _base64url(signature), _base64url(body)):
            statement: dict[str, Any] = json.loads(_base64url(body))
            return statement
    raise Tampered("key", 0, "the receipt bears no good signature")


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- Files ---


def read_records(file: TextIO) -> Iterator[dict[str, Any]]:
    """The records of a report in JSON lines or CSV."""
    start = file.read(1)
    file.seek(0)
    if start == "{":
        return map(json.loads, file)
    return _records_of_csv(file)


def _records_of_csv(file: TextIO) -> Iterator[dict[str, Any]]:
    before = csv.field_size_limit(sys.maxsize)  # for the whole process: given back at the end
    try:
        rows = csv.reader(file)
        names = next(rows, [])
        for cells in rows:
            yield _from_csv(names, cells)
    finally:
        csv.field_size_limit(before)


def _from_csv(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(names, cells, strict=True))
    if "'" in "".join(cells):  # nearly never: of a few cells only
        row = {name: cell.removeprefix("'") for name, cell in row.items()}
    if not row["sequence"]:
        return {row["action"]: json.loads(row["data"])}
    row["sequence"] = int(row["sequence"])
    if not row["action"]:
        return {"sequence": row["sequence"], "leaf_hash": row["leaf_hash"]}
    row["status"] = int(row["status"]) if row["status"] else None
    row["address"] = row["address"] or None
    row["data"] = json.loads(row["data"])
    return row


def read_notes(text: str) -> list[str]:
    """The signed notes in a file that holds one or several."""
    return NOTE.findall(text)


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


# --- The command ---


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _say(options.run(options))
    except Tampered as error:
        _say(f"NOT WHOLE: {error}")
        return 1
    except (Unverifiable, OSError, KeyError, TypeError, ValueError) as error:
        _say(f"can not be judged: {error}")
        return 2
    return 0


def _log(options: argparse.Namespace) -> str:
    notes = [note for path in options.checkpoint for note in read_notes(path.read_text("utf8"))]
    proofs = [json.loads(path.read_text("utf8")) for path in options.consistency]
    key, *older = options.key
    with options.report.open(encoding="utf8", newline="") as file:
        whole = verify_report(
            read_records(file),
            key=key,
            older_keys=older,
            witness=options.witness,
            checkpoints=notes,
            consistency=proofs,
        )
    return str(whole) if notes else f"{whole}\n{WITHOUT_CHECKPOINT}"


def _event(options: argparse.Namespace) -> str:
    event, proof = (json.loads(path.read_text("utf8")) for path in (options.event, options.proof))
    key, *older = options.key
    signed = verify_event(event, proof, key=key, older_keys=older)
    return f"{signed.origin}: sequence {event['sequence']} stands in the log of {signed.size}"


def _receipt(options: argparse.Namespace) -> str:
    keys = json.loads(options.keys.read_text("utf8"))["keys"]
    return json.dumps(verify_receipt(options.receipt.read_text("utf8"), keys), indent=1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Verify an audit log, an event or a receipt.")
    commands = parser.add_subparsers(required=True)
    log = commands.add_parser("log", help="a report")
    log.add_argument("report", type=Path)
    _add_keys(log)
    log.add_argument("--witness", default="", help="the public key of a witness that must agree")
    log.add_argument("--checkpoint", type=Path, action="append", default=[])
    log.add_argument("--consistency", type=Path, action="append", default=[])
    log.set_defaults(run=_log)
    event = commands.add_parser("event", help="one event with its inclusion proof")
    event.add_argument("event", type=Path)
    event.add_argument("proof", type=Path)
    _add_keys(event)
    event.set_defaults(run=_event)
    receipt = commands.add_parser("receipt", help="the receipt of a verdict")
    receipt.add_argument("receipt", type=Path)
    receipt.add_argument("--keys", type=Path, required=True)
    receipt.set_defaults(run=_receipt)
    return parser


def _add_keys(command: argparse.ArgumentParser) -> None:
    told = "the log's public key, got once and kept; again for each key it had before"
    command.add_argument("--key", required=True, action="append", help=told)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
