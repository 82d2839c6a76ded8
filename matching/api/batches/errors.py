"""Errors of items, kept by name, as the exceptions they were, for the one table of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rest_framework.exceptions import ParseError

from matching.fetching import UrlNotFetched, UrlsNotIncluded
from matching.hashing import (
    DecodeLimitExceeded,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    SignalInvalid,
    UnsupportedMediaType,
)
from tenants.authentication import ScopeMissing
from tenants.outgoing import AddressRefused

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


def error_of(kept: Mapping[str, str] | None) -> Exception:
    """The exception that was an item's answer; of one that is not known, ours is the fault."""
    if kept is None:
        return ItemLost("the record of the verdict is gone")
    kind = KINDS.get(kept["name"], ItemLost)
    return kind(kept["text"])
