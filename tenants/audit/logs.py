"""A log's name, size and stored hashes, and its events in the form in which they are sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from tenants.audit import merkle
from tenants.models import AuditNode, AuditSeal, Tenant

OPERATOR: Final = "operator"  # the log of what belongs to no tenant
TILE_LEVELS: Final = 8
TILE: Final = 1 << TILE_LEVELS  # hashes that make one stored node

# What of an event is sealed: the name there and the field here. A change would unseal every log.
FIELDS: Final[Mapping[str, str]] = {
    "at": "at",
    "actor_kind": "actor_kind",
    "actor": "actor_id",
    "key_id": "key_id",
    "action": "action",
    "target": "target",
    "request_id": "request_id",
    "address": "address",
    "user_agent": "user_agent",
    "outcome": "outcome",
    "status": "status",
    "data": "data",
}


def name_of(tenant: Tenant | None) -> str:
    return tenant.public_id if tenant else OPERATOR


def sealed_form(values: Iterable[Any], *, log: str, sequence: int) -> dict[str, Any]:
    """An event as it is hashed, shown and exported, from the values of `FIELDS`."""
    content = dict(zip(FIELDS, values, strict=True))
    content["at"] = content["at"].isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"log": log, "sequence": sequence, **content}


class Tree:
    """The Merkle tree of one log, read from the database a tile at a time.

    A root or a proof reads at most two tiles of 256 hashes a stored level; nothing is read twice.
    """

    def __init__(self, tenant: Tenant | None) -> None:
        self.tenant = tenant
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    @cached_property
    def size(self) -> int:
        """Events sealed when it was first asked."""
        last = AuditSeal.objects.filter(tenant=self.tenant).order_by("-sequence").first()
        return last.sequence + 1 if last else 0

    def root(self, size: int) -> bytes:
        return merkle.root(self.node, 0, size)

    def nodes(self, places: Iterable[tuple[int, int]]) -> list[bytes]:
        return [self.node(level, index) for level, index in places]

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree: 2^level leaves from `index * 2^level` on."""
        stored = level - level % TILE_LEVELS
        width = 1 << (level - stored)
        tile, start = divmod(index * width, TILE)
        return merkle.subtree(self._tile(stored, tile)[start : start + width])

    def _tile(self, level: int, tile: int) -> list[bytes]:
        if (level, tile) not in self._tiles:
            self._tiles[level, tile] = stored_hashes(
                self.tenant, level=level, start=tile * TILE, end=(tile + 1) * TILE
            )
        return self._tiles[level, tile]


def stored_hashes(tenant: Tenant | None, *, level: int, start: int, end: int) -> list[bytes]:
    """The hashes of one stored level from index `start` to before `end`, as far as there are."""
    if level == 0:
        rows = AuditSeal.objects.filter(
            tenant=tenant, sequence__gte=start, sequence__lt=end
        ).order_by("sequence")
        return [bytes(leaf) for leaf in rows.values_list("leaf_hash", flat=True)]
    nodes = AuditNode.objects.filter(
        tenant=tenant, level=level, index__gte=start, index__lt=end
    ).order_by("index")
    return [bytes(node) for node in nodes.values_list("hash", flat=True)]
