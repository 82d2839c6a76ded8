"""The items of a lot, made ready to be judged: read, fetched and hashed, several at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.conf import settings

from matching import spool
from matching.batches import leases
from matching.batches.drafts import ItemKind
from matching.decoding import decoders, partial_decoders
from matching.fetching import UrlNotFetched, UrlsNotIncluded, fetch_image
from matching.hashing import Digests, ImageError
from matching.match import AskedImage, HashItem
from matching.models import Batch, BatchLot
from tenants.models import ApiKey
from tenants.outgoing import AddressRefused

MOST_ATTEMPTS: Final = 5
"""A lot that so many workers began and none finished kills workers: its items fail."""

Error = dict[str, str]
Asked = AskedImage | HashItem | Error
REFUSALS: Final = (ImageError, AddressRefused, UrlNotFetched, UrlsNotIncluded, spool.SpoolDamaged)


@dataclass(frozen=True, slots=True)
class _Picture:
    """An image that is not hashed yet."""

    content_id: str
    data: bytes


def asked_of(lot: BatchLot, batch: Batch, key: ApiKey) -> list[Asked]:
    """Each item ready to be judged, or the error that is its answer.

    Raises LeaseLost, and what stands in the way of all items.
    """
    if lot.attempts > MOST_ATTEMPTS:
        return [_error("WorkerLost", "the item ended the workers that tried it")] * lot.size
    heart = leases.Heart(lot)
    # Decoders are processes: a thread each keeps all of them at work.
    with ThreadPoolExecutor(settings.DECODER_PROCESSES) as threads:
        pictures = list(_pictures(lot, batch, key, heart))
        asked = []
        for one in threads.map(partial(_hashed, enhance=batch.enhance), pictures):
            heart.beat()
            asked.append(one)
    return asked


def _pictures(
    lot: BatchLot, batch: Batch, key: ApiKey, heart: leases.Heart
) -> Iterator[_Picture | HashItem | Error]:
    images = _spooled(lot, batch)
    for item in lot.items:
        heart.beat()
        try:
            yield _picture(item, key, images)
        except REFUSALS as error:
            yield _error(type(error).__name__, str(error))


def _spooled(lot: BatchLot, batch: Batch) -> Iterator[bytes]:
    """The lot's images in their order. Raises SpoolDamaged when the first is asked for."""
    yield from spool.read_lot(
        name=batch.public_id, key=bytes(batch.spool_key or b""), number=lot.number
    )


def _picture(
    item: dict[str, Any], key: ApiKey, images: Iterator[bytes]
) -> _Picture | HashItem | Error:
    kind, payload, content_id = item["kind"], item["payload"], item["content_id"]
    if kind == ItemKind.FAILED:
        return _error(payload["name"], payload["text"])
    if kind == ItemKind.HASHES:
        return _hash_item(content_id, payload)
    if kind == ItemKind.URL:
        return _Picture(content_id, fetch_image(tenant=key.tenant, url=payload))
    data = next(images, b"")
    if not data:
        raise spool.SpoolDamaged("the image is not there any more")
    return _Picture(content_id, data)


def _hashed(one: _Picture | HashItem | Error, *, enhance: bool) -> Asked:
    """Touches no database: it runs in a thread of its own."""
    if not isinstance(one, _Picture):
        return one
    try:
        parts = partial_decoders().extract(one.data) if enhance else None
        return AskedImage(one.content_id, decoders().query(one.data), len(one.data), parts)
    except ImageError as error:
        return _error(type(error).__name__, str(error))


def _hash_item(content_id: str, fields: dict[str, Any]) -> HashItem:
    values = {name: bytes.fromhex(fields.get(name, "")) for name in ("md5", "sha1", "sha256")}
    return HashItem(
        content_id=content_id,
        digests=Digests(**values) if any(values.values()) else None,
        pdq=bytes.fromhex(fields["pdq"]) if "pdq" in fields else None,
        pdq_quality=fields.get("pdq_quality"),
    )


def _error(name: str, text: str) -> Error:
    return {"name": name, "text": text}
