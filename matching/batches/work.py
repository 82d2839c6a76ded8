"""What a worker does: take a lot, hash and judge its items, commit their answers, begin again."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction

from matching import spool
from matching.batches import leases
from matching.batches.drafts import ItemKind
from matching.batches.ending import end
from matching.decoding import decoders, partial_decoders
from matching.fetching import FetcherBusy, UrlNotFetched, UrlsNotIncluded, fetch_image
from matching.hashing import Digests, ImageError
from matching.hashing.sandbox import DecoderUnavailable
from matching.match import AskedImage, HashItem, MatchingStopped, Outcome, match_several
from matching.models import Batch, BatchLot, ListsVersion, Verdict
from matching.partial import PartialIndexUnavailable
from matching.snapshot import IndexUnavailable
from tenants.acting import Acting, acting_as
from tenants.models import ApiKey
from tenants.outgoing import AddressRefused

MOST_ATTEMPTS: Final = 5
"""A lot that so many workers began and none finished kills workers: its items fail."""

Asked = AskedImage | HashItem
Error = dict[str, str]
REFUSALS: Final = (ImageError, AddressRefused, UrlNotFetched, UrlsNotIncluded)
NOT_NOW: Final = (
    IndexUnavailable,
    PartialIndexUnavailable,
    MatchingStopped,
    DecoderUnavailable,
    FetcherBusy,
    ListsVersion.DoesNotExist,
)
"""What is no fault of an item: the lot is given back, and taken up again later."""

logger = logging.getLogger(__name__)


def work_on(*, batch: Batch, seconds: float) -> bool:
    """Work on lots of `batch` for about `seconds`; whether some may be left for another turn.

    Others may work on it at the same time. Raises nothing for an item's sake.
    """
    key = ApiKey.objects.select_related("tenant__plan").get(key_id=batch.key_id)
    until = time.monotonic() + seconds
    with acting_as(Acting(tenant=batch.tenant_id)):
        while time.monotonic() < until:
            lot = leases.take(batch)
            if lot is None:
                end(batch)
                return False
            if not _worked_on(lot, batch, key):
                return False  # the sweeper asks again
    return True


def _worked_on(lot: BatchLot, batch: Batch, key: ApiKey) -> bool:
    try:
        _commit(lot, batch, key, _asked(lot, batch, key))
    except leases.LeaseLost:
        logger.warning("lot %s of %s was taken over", lot.number, batch.public_id)
        return True
    except NOT_NOW as error:
        logger.warning("lot %s of %s waits: %s", lot.number, batch.public_id, error)
        leases.give_back(lot)
        return False
    spool.remove_lot(name=batch.public_id, number=lot.number)
    return True


def _commit(lot: BatchLot, batch: Batch, key: ApiKey, asked: list[Asked | Error]) -> None:
    """Verdicts, audit event and results, together or not at all. Raises LeaseLost."""
    good = [item for item in asked if not isinstance(item, dict)]
    errors = [item for item in asked if isinstance(item, dict)]
    with transaction.atomic():
        outcomes = match_several(
            key=key,
            items=good,
            target=batch.public_id,
            failed=[error["name"] for error in errors],
        )
        answers = iter(outcomes)
        lot.results = [
            {"error": item} if isinstance(item, dict) else _named(next(answers)) for item in asked
        ]
        lot.matched = sum(o.submission.verdict == Verdict.MATCH for o in outcomes)
        lot.failed = len(errors)
        leases.finish(lot)


def _named(outcome: Outcome) -> dict[str, str]:
    return {"submission": outcome.submission.public_id}


def _asked(lot: BatchLot, batch: Batch, key: ApiKey) -> list[Asked | Error]:
    """Each item ready to be judged, or the error that is its answer."""
    if lot.attempts > MOST_ATTEMPTS:
        return [_error("WorkerLost", "the item ended the workers that tried it")] * lot.size
    images = _spooled(lot, batch)
    asked: list[Asked | Error] = []
    for item in lot.items:
        leases.renew(lot)
        try:
            asked.append(_item(item, batch, key, images))
        except (*REFUSALS, spool.SpoolDamaged) as error:
            asked.append(_error(type(error).__name__, str(error)))
    return asked


def _spooled(lot: BatchLot, batch: Batch) -> Iterator[bytes]:
    """The lot's images in their order. Raises SpoolDamaged when the first is asked for."""
    yield from spool.read_lot(
        name=batch.public_id, key=bytes(batch.spool_key or b""), number=lot.number
    )


def _item(
    item: dict[str, Any], batch: Batch, key: ApiKey, images: Iterator[bytes]
) -> Asked | Error:
    kind, payload, content_id = item["kind"], item["payload"], item["content_id"]
    if kind == ItemKind.FAILED:
        return _error(payload["name"], payload["text"])
    if kind == ItemKind.HASHES:
        return _hash_item(content_id, payload)
    if kind == ItemKind.URL:
        data = fetch_image(tenant=key.tenant, url=payload)
    else:
        data = next(images, b"")
        if not data:
            raise spool.SpoolDamaged("the image is not there any more")
    parts = partial_decoders().extract(data) if batch.enhance else None
    return AskedImage(content_id, decoders().query(data), len(data), parts)


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
