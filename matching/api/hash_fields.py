"""Read a hash item that is plainly right without asking the serializer, which takes half a ms."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from matching.serializers import LONGEST_CONTENT_ID

_HEX_OF_64: Final = re.compile(r"[0-9A-Fa-f]{64}").fullmatch
_HEX: Final[Mapping[str, Callable[[str], object]]] = {
    "sha256": _HEX_OF_64,
    "sha1": re.compile(r"[0-9A-Fa-f]{40}").fullmatch,
    "md5": re.compile(r"[0-9A-Fa-f]{32}").fullmatch,
    "pdq": _HEX_OF_64,
}


def plain_fields(raw: object) -> dict[str, Any] | None:
    """What `HashItemSerializer` makes of `raw`, where that is beyond doubt; otherwise None.

    Whatever is odd, wrong or merely unusual is left to the serializer and its complaints.
    """
    if type(raw) is not dict:
        return None
    signals = {name: raw[name] for name in _HEX if name in raw}
    if not signals or not all(_is_hex(name, value) for name, value in signals.items()):
        return None
    content_id, quality = raw.get("content_id", ""), raw.get("pdq_quality", 0)
    if not _is_plain_text(content_id) or type(quality) is not int or not 0 <= quality <= 100:
        return None
    asked = {"content_id": content_id, **signals}
    return asked | {"pdq_quality": quality} if "pdq_quality" in raw else asked


def _is_hex(name: str, value: object) -> bool:
    return type(value) is str and _HEX[name](value) is not None


def _is_plain_text(text: object) -> bool:
    """Printable ASCII without space at its ends: nothing to trim and nothing to refuse."""
    return (
        type(text) is str
        and len(text) <= LONGEST_CONTENT_ID
        and text.isascii()
        and text.isprintable()
        and text == text.strip()
    )
