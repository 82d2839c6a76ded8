"""What PhotoDNA Cloud's clients send, wrong content types and odd spellings included."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from matching.dialects.foreign import files_of
from matching.hashing import ImageTooLarge, SignalInvalid
from matching.match import HashItem
from tenants.models import Enhancement

MOST_ITEMS: Final = 5
PHOTODNA_BYTES: Final = 144
PDQ_BYTES: Final = 32
INLINE: Final = frozenset({"inline", "buffer", "base64"})


class NotComparable(Exception):
    """A hash of a kind that nothing here can be compared with."""


@dataclass(frozen=True, slots=True)
class Address:
    """An image to be fetched."""

    url: str


def image_of(request: Request) -> bytes | Address:
    """The image of a Match call. Raises ParseError and ImageTooLarge.

    Clients send any content type, or none, so the body tells by its first byte what it is: no
    image format begins with a brace.
    """
    body = only_file(request)
    if body.lstrip()[:1] != b"{":
        return body
    fields = lower_keys(_json(body))
    kind, value = str(fields.get("datarepresentation", "")).lower(), fields.get("value")
    if not isinstance(value, str) or not value:
        raise ParseError("Value is missing")
    if kind == "url":
        return Address(value)
    if kind in INLINE:
        return from_base64(value)
    raise ParseError("DataRepresentation must be URL or inline")


def only_file(request: Request) -> bytes:
    """Raises ParseError for none or several, ImageTooLarge for one beyond the limit."""
    files = files_of(request)
    if len(files) != 1:
        raise ParseError(f"one image a request, not {len(files)}")
    body: bytes = files[0].read()
    if not body:
        raise ParseError("the request holds no image")
    if len(body) > settings.MAX_IMAGE_BYTES:
        raise ImageTooLarge("the request is longer than any image accepted here")
    return body


def when_parts(request: Request) -> Enhancement:
    """The query `enhance`: absent or false, or true, which is what a bare one means too."""
    word = request.query_params.get("enhance", "false").strip().lower()
    return Enhancement.OFF if word in {"false", "0"} else Enhancement.INLINE


def hashes_of(request: Request) -> list[Mapping[str, Any]]:
    """The items of a MatchHash call, with lower-case keys. Raises ParseError."""
    items = only_json(request)
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise ParseError(f"the body must be an array of 1 to {MOST_ITEMS} hashes")
    return [lower_keys(item) for item in items]


def hash_item(fields: Mapping[str, Any]) -> HashItem:
    """Raises ParseError, SignalInvalid, and NotComparable for an edge hash."""
    kind, value = str(fields.get("datarepresentation", "")).lower(), fields.get("value")
    if not isinstance(value, str):
        raise ParseError("Value must be a text")
    content_id = fields.get("key") or fields.get("contentid") or ""
    if kind == "pdq":
        return HashItem(content_id=str(content_id), digests=None, pdq=_pdq(value))
    if kind == "hash":
        value_of = _sized(value, PHOTODNA_BYTES)
        return HashItem(content_id=str(content_id), digests=None, photodna=value_of)
    if kind == "prehashv2":
        raise NotComparable("edge hashes can not be compared here; send the image")
    raise ParseError("DataRepresentation must be Hash, PreHashV2 or PDQ")


def _pdq(value: str) -> bytes:
    if len(value) == 2 * PDQ_BYTES:
        try:
            return bytes.fromhex(value)
        except ValueError as error:
            raise SignalInvalid("a PDQ hash is 64 hex digits, or base64 of 32 bytes") from error
    return _sized(value, PDQ_BYTES)


def _sized(value: str, size: int) -> bytes:
    data = from_base64(value)
    if len(data) != size:
        raise SignalInvalid(f"a hash of this kind has {size} bytes, not {len(data)}")
    return data


def from_base64(text: str) -> bytes:
    """Also with line breaks, which some encoders insert. Raises ParseError."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError("Value is not valid base64") from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParseError("the body is not valid JSON") from error


def only_json(request: Request) -> Any:
    """The body as JSON, whatever type it says it has. Raises ParseError, ImageTooLarge."""
    return _json(only_file(request))


def lower_keys(fields: Any) -> dict[str, Any]:
    """Raises ParseError for what is no object."""
    if not isinstance(fields, dict):
        raise ParseError("an object is expected")
    return {str(name).lower(): value for name, value in fields.items()}
