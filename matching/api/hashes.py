"""`POST /v1/match/hashes`: up to 1,000 hash items, each with a verdict or an error of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from matching.answers.verdicts import problem, verdict_item
from matching.api.hash_fields import plain_fields
from matching.hashing import Digests, SignalInvalid
from matching.match import PRICE_OF_ADMISSION, HashItem, match_hashes, units_of_items
from matching.serializers import (
    MOST_HASH_ITEMS,
    HashItemSerializer,
    HashItemsSerializer,
    HashResultsSerializer,
)
from tenants.api.idempotency import idempotent
from tenants.api.lean import LeanView, is_json, json_of
from tenants.authentication import ScopeMissing, key_of
from tenants.models import ApiKey

PERCEPTUAL_SCOPE = "match:hash"


class HashesView(LeanView):
    required_scope = "match"

    def units_of(self, request: Request) -> int:
        """What a look-up of so many items costs, bad ones included.

        Asked before anything is decided: what is wrong with the body is told by the look-up itself.
        """
        try:
            return units_of_items(len(_items(request.data)))
        except APIException:
            return PRICE_OF_ADMISSION

    def takes(self, request: HttpRequest) -> bool:
        length = int(request.META["CONTENT_LENGTH"])
        return is_json(request) and 0 < length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def plain_units(self, request: HttpRequest) -> int:
        self._body: object = None
        try:
            self._body = json_of(request)
            return units_of_items(len(_items(self._body)))
        except APIException:
            return PRICE_OF_ADMISSION

    def plain_answer(self, request: HttpRequest, key: ApiKey) -> Response:  # noqa: ARG002
        return self._matched(self._body, key)

    @extend_schema(
        operation_id="match_hashes",
        summary="Check hashes",
        request=HashItemsSerializer,
        responses={200: HashResultsSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        return self._matched(request.data, key_of(request))

    def _matched(self, body: object, key: ApiKey) -> Response:
        items = _items(body)
        parsed = [_parsed(raw, key) for raw in items]
        good = [item for item in parsed if isinstance(item, HashItem)]
        outcomes = iter(match_hashes(key=key, items=good, units=units_of_items(len(items))))
        results = [
            verdict_item(next(outcomes)) if isinstance(item, HashItem) else item for item in parsed
        ]
        return Response({"results": results})


def _parsed(raw: object, key: ApiKey) -> HashItem | dict[str, Any]:
    """The item, or what its place in the answer holds when it can not be checked."""
    try:
        return _item(raw, scopes=key.scopes)
    except (SignalInvalid, ScopeMissing) as error:
        content_id = raw.get("content_id") if isinstance(raw, dict) else None
        named = content_id if isinstance(content_id, str) else None
        return {"content_id": named, "error": problem(error).data}


def _items(body: object) -> list[object]:
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise ParseError("the JSON must be an object with a list of items")
    if len(items) > MOST_HASH_ITEMS:
        raise ValidationError({"items": f"at most {MOST_HASH_ITEMS} items a request"})
    return items


def _item(raw: object, *, scopes: list[str]) -> HashItem:
    """Raises SignalInvalid for an item that is malformed, ScopeMissing for a forbidden PDQ."""
    fields = plain_fields(raw) or _validated(raw)
    if "pdq" in fields and PERCEPTUAL_SCOPE not in scopes:
        raise ScopeMissing(PERCEPTUAL_SCOPE)
    digests = Digests(
        **{name: bytes.fromhex(fields.get(name, "")) for name in ("md5", "sha1", "sha256")}
    )
    return HashItem(
        content_id=fields["content_id"],
        digests=digests if any((digests.md5, digests.sha1, digests.sha256)) else None,
        pdq=bytes.fromhex(fields["pdq"]) if "pdq" in fields else None,
        pdq_quality=fields.get("pdq_quality"),
    )


def _validated(raw: object) -> dict[str, Any]:
    form = HashItemSerializer(data=raw)
    if not form.is_valid():
        raise SignalInvalid("; ".join(_complaints(form.errors)))
    fields: dict[str, Any] = form.validated_data
    return fields


def _complaints(errors: Any) -> list[str]:
    return [
        f"{field}: {' '.join(map(str, texts))}" if field != "non_field_errors" else str(texts[0])
        for field, texts in errors.items()
    ]
