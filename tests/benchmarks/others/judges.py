"""What other people's libraries say to the answers of `answers.py`. Run by `python -m
tests.benchmarks.others` with the Python of the folder that they are installed in.

    aics-tlog   C2SP checkpoint and cosignature, RFC 6962 inclusion and consistency
    sigstore    RFC 6962 inclusion and signed note, as it verifies Rekor's
    pymerkle    builds the tree anew from the events, and verifies inclusion

Each is also given something altered, which it has to refuse.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aics_tlog
import pymerkle
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pymerkle.core import _inclusion_path_layout
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore._internal.trust import Keyring
from sigstore.errors import VerificationError
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails

Answers = Mapping[str, Any]


def canonical(event: Mapping[str, Any]) -> bytes:
    """What was sealed, by RFC 8785 as far as our events need it."""
    content = {name: value for name, value in event.items() if name != "leaf_hash"}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def unhexed(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(node) for node in hashes]


def main(told: Answers) -> int:
    wrong = 0
    for judge in (aics_checkpoints, aics_proofs, sigstore_notes, sigstore_proofs, pymerkle_tree):
        good, bad = 0, 0
        for is_altered, holds in judge(told):
            good += not is_altered and holds
            bad += is_altered and not holds
            wrong += holds is is_altered
        print(f"{judge.__doc__}: {good} good, {bad} altered refused")
    print(f"{wrong} judgements other than ours")
    return int(wrong > 0)


Judgements = Iterator[tuple[bool, bool]]  # whether it was altered, whether it was accepted


def aics_checkpoints(told: Answers) -> Judgements:
    """aics-tlog, checkpoints with cosignature"""
    log, witness = (aics_tlog.parse_vkey(told[name]) for name in ("key", "witness"))
    for text in told["checkpoints"]:
        for is_altered, note in ((False, text), (True, text.replace("\n", "\n1", 1))):
            found = aics_tlog.verify_checkpoint(
                aics_tlog.parse_note(note), log, [witness], 1, expected_origin=log.name
            )
            yield is_altered, found.ok and found.cosignature_count == 1


def aics_proofs(told: Answers) -> Judgements:
    """aics-tlog, inclusion and consistency"""
    for event, proof in zip(told["events"], told["proofs"], strict=True):
        place = (event["sequence"], proof["tree_size"], unhexed(proof["audit_path"]))
        for is_altered, leaf in altered_too(canonical(event)):
            root = bytes.fromhex(proof["root_hash"])
            yield is_altered, aics_tlog.verify_leaf_inclusion(leaf, *place, root)
    for step in told["consistency"]:
        for is_altered, old in altered_too(bytes.fromhex(step["from_root"])):
            new, path = bytes.fromhex(step["to_root"]), unhexed(step["consistency"])
            sizes = (step["from_size"], step["to_size"])
            yield is_altered, aics_tlog.verify_consistency(*sizes, old, new, path)


def sigstore_notes(told: Answers) -> Judgements:
    """sigstore, signed notes"""
    _, key_id, encoded = told["key"].split("+", 2)  # base64 has a + too
    raw = base64.b64decode(encoded)[1:]
    der = Ed25519PublicKey.from_public_bytes(raw).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    key = PublicKey(raw_bytes=base64.b64encode(der), key_details=PublicKeyDetails.PKIX_ED25519)
    for text in told["checkpoints"]:
        for is_altered, note in ((False, text), (True, text.replace("\n", "\n1", 1))):
            signed = SignedCheckpoint.from_text(note).signed_note
            yield is_altered, holds(signed.verify, Keyring([key]), bytes.fromhex(key_id))


def sigstore_proofs(told: Answers) -> Judgements:
    """sigstore, inclusion"""
    for event, proof in zip(told["events"], told["proofs"], strict=True):
        shown = SimpleNamespace(
            log_index=event["sequence"],
            tree_size=proof["tree_size"],
            hashes=unhexed(proof["audit_path"]),
            root_hash=bytes.fromhex(proof["root_hash"]),
        )
        for is_altered, leaf in altered_too(canonical(event)):
            inner = SimpleNamespace(inclusion_proof=shown, canonicalized_body=leaf)
            yield is_altered, holds(verify_merkle_inclusion, SimpleNamespace(_inner=inner))


def pymerkle_tree(told: Answers) -> Judgements:
    """pymerkle, the tree built anew and inclusion"""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for event in told["events"]:
        tree.append_entry(canonical(event))
    for text in told["checkpoints"]:
        _, size, root, *_ = text.split("\n")
        yield False, tree.get_root(int(size)) == base64.b64decode(root)
        yield True, tree.get_root(int(size) - 1) == base64.b64decode(root)
    for proof in told["proofs"]:
        index, size = proof["sequence"] + 1, proof["tree_size"]
        rule, _ = _inclusion_path_layout(index, size)
        base, root = bytes.fromhex(proof["leaf_hash"]), bytes.fromhex(proof["root_hash"])
        for is_altered, leaf in altered_too(base):
            path = [leaf, *unhexed(proof["audit_path"])]
            shown = pymerkle.InclusionProof("sha256", True, size, index, rule, path)
            yield is_altered, holds(shown.verify, leaf, root)


def altered_too(data: bytes) -> tuple[tuple[bool, bytes], ...]:
    return (False, data), (True, flipped(data))


def holds(judge: Callable[..., None], *shown: Any) -> bool:
    try:
        judge(*shown)
    except (VerificationError, pymerkle.InvalidProof):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text("utf8"))))
