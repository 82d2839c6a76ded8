"""The results of a batch as NDJSON, one line an item: its verdict, or its error.

Errors of items are kept by name, and told as the exceptions they were, by the one table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rest_framework.exceptions import ParseError

from matching.answers.verdicts import problem, verdict_item
from matching.batches import ItemResult, results_of
from matching.fetching import UrlNotFetched, UrlsNotIncluded
from matching.hashing import (
    DecodeLimitExceeded,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    SignalInvalid,
    UnsupportedMediaType,
)
from matching.models import Batch
from tenants.authentication import ScopeMissing
from tenants.outgoing import AddressRefused

NDJSON: Final = "application/x-ndjson"
KINDS: Final[Mapping[str, type[Exception]]] = {
    kind.__name__: kind
    for kind in (
        AddressRefused,
        DecodeLimitExceeded,
        ImageTooLarge,
        ImageTooSmall,
        ImageUndecodable,
        ScopeMissing,
        SignalInvalid,
        UnsupportedMediaType,
        UrlNotFetched,
        UrlsNotIncluded,
    )
} | {"RequestInvalid": ParseError}


class ItemLost(Exception):
    """The item could not be worked on, by our fault: its image is gone, or it ends workers."""


def result_lines(batch: Batch) -> Iterator[bytes]:
    """One a finished item, in the order of the items."""
    for result in results_of(batch):
        yield json.dumps(_line(result)).encode() + b"\n"


def _line(result: ItemResult) -> dict[str, Any]:
    if result.submission is not None:
        return verdict_item(result.outcome())
    return {"content_id": result.content_id or None, "error": problem(_error_of(result.error)).data}


def _error_of(kept: Mapping[str, str] | None) -> Exception:
    """The exception that was the answer; of one that is not known, ours is the fault."""
    if kept is None:
        return ItemLost("the record of the verdict is gone")
    kind = KINDS.get(kept["name"], ItemLost)
    return kind(kept["text"])
