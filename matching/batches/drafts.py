"""What a client hands over, spooled as it comes in, before anything is accepted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from secrets import token_bytes
from typing import Any, Final

from django.conf import settings

from matching import spool
from tenants.models import new_id

IMAGES_A_LOT: Final = 64
"""What a lot costs beside its items, statements and a wait for the disk, is then little of each."""

URLS_A_LOT: Final = 16
HASHES_A_LOT: Final = 500
BYTES_A_LOT: Final = 16 << 20


class BatchEmpty(Exception):
    """There is nothing in the batch."""


class BatchTooLarge(Exception):
    """More items or bytes than one batch may have."""


class ItemKind(StrEnum):
    IMAGE = "image"
    URL = "url"
    HASHES = "hashes"
    FAILED = "failed"
    """What could not be understood: `payload` names the error and says why."""


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One item: an image's bytes, or `payload`, JSON of what was asked instead."""

    content_id: str
    kind: ItemKind
    payload: Any = None
    image: bytes = b""

    def as_json(self) -> dict[str, Any]:
        return {"content_id": self.content_id, "kind": self.kind.value, "payload": self.payload}


@dataclass(slots=True)
class BatchDraft:
    """Lots in order, images spooled under `key`. `digest` stands for all that was sent.

    `hashes` of its `total` items are look-ups that need no image.
    """

    name: str = field(default_factory=lambda: new_id("bat"))
    key: bytes = field(default_factory=lambda: token_bytes(32))
    lots: list[list[Mapping[str, Any]]] = field(default_factory=list)
    total: int = 0
    hashes: int = 0
    is_accepted: bool = False
    digest: bytes = b""

    def discard(self) -> None:
        """Remove what was spooled for nothing."""
        if not self.is_accepted:
            spool.forget(self.name)


def take_in(items: Iterable[ItemDraft]) -> BatchDraft:
    """Spool the images of `items` and cut them into lots.

    Raises BatchEmpty and BatchTooLarge, and whatever `items` raises; nothing is left then.
    """
    draft = BatchDraft()
    try:
        _fill(draft, items)
    except BaseException:
        draft.discard()
        raise
    return draft


def _fill(draft: BatchDraft, items: Iterable[ItemDraft]) -> None:
    digest = hashlib.sha256()
    lot: list[ItemDraft] = []
    for item in items:
        draft.total += 1
        draft.hashes += item.kind is ItemKind.HASHES
        if draft.total > settings.MAX_BATCH_ITEMS:
            raise BatchTooLarge(f"at most {settings.MAX_BATCH_ITEMS} items a batch")
        digest.update(json.dumps(item.as_json(), sort_keys=True).encode())
        digest.update(hashlib.sha256(item.image).digest())
        lot.append(item)
        if _is_full(lot):
            _close(draft, lot)
            lot = []
    if lot:
        _close(draft, lot)
    if not draft.total:
        raise BatchEmpty("the batch holds no items")
    draft.digest = digest.digest()


def _is_full(lot: list[ItemDraft]) -> bool:
    kinds = Counter(item.kind for item in lot)
    size = sum(len(item.image) for item in lot)
    return (
        kinds[ItemKind.IMAGE] >= IMAGES_A_LOT
        or kinds[ItemKind.URL] >= URLS_A_LOT
        or len(lot) >= HASHES_A_LOT
        or size >= BYTES_A_LOT
    )


def _close(draft: BatchDraft, lot: list[ItemDraft]) -> None:
    images = [item.image for item in lot if item.kind is ItemKind.IMAGE]
    if images:
        spool.write_lot(name=draft.name, key=draft.key, number=len(draft.lots), images=images)
    draft.lots.append([item.as_json() for item in lot])
