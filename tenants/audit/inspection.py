"""Verify a log where it lies: what the stand-alone verifier does with a report, on the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tenants.audit import checkpoint_files
from tenants.audit.checkpoints import origin_of, public_keys
from tenants.audit.events import records
from tenants.audit.logs import Tree, name_of
from tenants.audit.verify import Checkpoint as Signed
from tenants.audit.verify import Tampered, Unverifiable, Walk, read_checkpoint
from tenants.models import Checkpoint, Tenant


@dataclass(frozen=True)
class Inspected:
    """A log that is whole: `size` events, with the checkpoints that agree.

    `unread` counts notes without a good signature of a key that the log has or had: cut short by
    a crash, or signed with a key that `AUDIT_RETIRED_KEYS` does not name.
    """

    log: str
    size: int
    agreeing: int
    unread: int


def inspect(tenant: Tenant | None, *, notes: Iterable[str] = ()) -> Inspected:
    """Recompute every leaf and the whole tree, and hold it against all checkpoints there are.

    Those are in the database, in the files outside of it, and in `notes`. Raises `Tampered`.
    """
    log, keys = name_of(tenant), public_keys(origin_of(tenant))
    texts = Checkpoint.objects.filter(tenant=tenant).order_by("size").values_list("text", flat=True)
    found = [*texts, *checkpoint_files.read(log), *notes]
    known = {signed for note in found if (signed := _read(note, keys))}
    tree, walk = Tree(tenant), Walk(log, list(known))
    for row in records(tenant, start=0, end=tree.size):
        walk.take(row)
    for checkpoint in sorted(known - walk.compared, key=lambda checkpoint: checkpoint.size):
        raise Tampered("missing", walk.tree.size, f"the log had {checkpoint.size} events already")
    if tree.root(walk.tree.size) != walk.tree.root():
        raise Tampered("altered", walk.agreed, "the stored nodes are not those of the leaves")
    return Inspected(log, tree.size, len(known), sum(_read(note, keys) is None for note in found))


def _read(note: str, keys: Iterable[str]) -> Signed | None:
    try:
        return read_checkpoint(note, *keys)
    except Unverifiable:
        return None
