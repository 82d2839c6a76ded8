"""The items of a lot, made ready to be judged: read, fetched and hashed, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Final

from matching import spool
from matching.batches import leases
from matching.batches.drafts import ItemKind
from matching.batches.hashing import Asked, Error, Hashing, Picture, error_of
from matching.fetching import FetcherBusy, UrlNotFetched, UrlsNotIncluded, fetch_image
from matching.hashing import Digests, ImageError
from matching.match import HashItem
from matching.models import Batch, BatchLot
from tenants.models import ApiKey
from tenants.outgoing import AddressRefused

MOST_ATTEMPTS: Final = 5
"""A lot that so many workers began and none finished kills workers: its items fail."""

REFUSALS: Final = (ImageError, AddressRefused, UrlNotFetched, UrlsNotIncluded, spool.SpoolDamaged)


def asked_of(
    lot: BatchLot, batch: Batch, key: ApiKey, hashing: Hashing, hearts: leases.Hearts
) -> Iterator[Asked]:
    """Each item ready to be judged, or the error that is its answer.

    All are begun with when this returns; to ask for the first waits for all. That raises LeaseLost,
    and what stands in the way of all items.
    """
    if lot.attempts > MOST_ATTEMPTS:
        return iter([error_of("WorkerLost", "the item ended the workers that tried it")] * lot.size)

    def beat() -> None:
        hearts.beat(lot)

    begun: list[Future[Asked]] = []
    try:
        pictures = _pictures(lot, batch, key, beat)
        begun.extend(hashing.begin(one, meanwhile=beat) for one in pictures)
    except (leases.LeaseLost, FetcherBusy) as error:
        begun.append(Future())
        begun[-1].set_exception(error)  # for this lot's turn: one before it goes on
    return _awaited(begun, hashing, beat)


def _awaited(
    begun: Sequence[Future[Asked]], hashing: Hashing, beat: Callable[[], None]
) -> Iterator[Asked]:
    hashing.wait_for(begun, meanwhile=beat)
    for one in begun:
        yield one.result()


def _pictures(
    lot: BatchLot, batch: Batch, key: ApiKey, beat: Callable[[], None]
) -> Iterator[Picture | HashItem | Error]:
    images = _spooled(lot, batch)
    for item in lot.items:
        beat()
        try:
            yield _picture(item, key, images)
        except REFUSALS as error:
            yield error_of(type(error).__name__, str(error))


def _spooled(lot: BatchLot, batch: Batch) -> Iterator[bytes]:
    """The lot's images in their order. Raises SpoolDamaged when one is asked for."""
    yield from spool.read_lot(
        name=batch.public_id, key=bytes(batch.spool_key or b""), number=lot.number
    )


def _picture(
    item: dict[str, Any], key: ApiKey, images: Iterator[bytes]
) -> Picture | HashItem | Error:
    kind, payload, content_id = item["kind"], item["payload"], item["content_id"]
    if kind == ItemKind.FAILED:
        return error_of(payload["name"], payload["text"])
    if kind == ItemKind.HASHES:
        return _hash_item(content_id, payload)
    if kind == ItemKind.URL:
        return Picture(content_id, fetch_image(tenant=key.tenant, url=payload))
    data = next(images, b"")
    if not data:
        raise spool.SpoolDamaged("the image is not there any more")
    return Picture(content_id, data)


def _hash_item(content_id: str, fields: dict[str, Any]) -> HashItem:
    values = {name: bytes.fromhex(fields.get(name, "")) for name in ("md5", "sha1", "sha256")}
    return HashItem(
        content_id=content_id,
        digests=Digests(**values) if any(values.values()) else None,
        pdq=bytes.fromhex(fields["pdq"]) if "pdq" in fields else None,
        pdq_quality=fields.get("pdq_quality"),
    )
