"""Proofs for one event, and between two sizes of a log (RFC 6962 §2.1.1 and §2.1.2)."""

from __future__ import annotations

from typing import Any

from tenants.audit import merkle
from tenants.audit.checkpoints import current, public_key
from tenants.audit.logs import Tree
from tenants.models import Tenant


class NotSealed(LookupError):
    """The log has not grown to there yet."""


def inclusion(*, tenant: Tenant | None, sequence: int) -> dict[str, Any]:
    """That the event at `sequence` stands in the log that the current checkpoint signs.

    Raises `NotSealed`.
    """
    checkpoint, tree = current(tenant), Tree(tenant)
    if sequence >= checkpoint.size:
        raise NotSealed
    path = merkle.inclusion_proof(tree.node, index=sequence, size=checkpoint.size)
    return {
        "sequence": sequence,
        "tree_size": checkpoint.size,
        "leaf_hash": tree.node(0, sequence).hex(),
        "root_hash": bytes(checkpoint.root_hash).hex(),
        "audit_path": [node.hex() for node in path],
        "checkpoint": checkpoint.note,
        "public_key": public_key(checkpoint.origin),
    }


def consistency(
    *, tenant: Tenant | None, from_size: int, to_size: int | None = None
) -> dict[str, Any]:
    """That the log at `to_size`, or now, begins with the log as it was at `from_size`.

    Raises `NotSealed`, also when `to_size` is the smaller one.
    """
    tree = Tree(tenant)
    new = tree.size if to_size is None else to_size
    if not from_size <= new <= tree.size:
        raise NotSealed
    path = merkle.consistency_proof(tree.node, old=from_size, new=new)
    return {
        "from_size": from_size,
        "to_size": new,
        "from_root": tree.root(from_size).hex(),
        "to_root": tree.root(new).hex(),
        "consistency": [node.hex() for node in path],
    }
