"""`POST /v1/media/`, `/v1/url/`, `/v1/pdq/` and `GET /v1/version`, with or without the slash."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from matching.dialects.arachnid import answers
from matching.dialects.foreign import ForeignView, JsonView, Problem, files_of
from matching.fetching import fetch_image
from matching.hashing import SignalInvalid, UnsupportedMediaType
from matching.match import (
    HashItem,
    NotChecked,
    Outcome,
    match_hashes,
    match_image,
    units_of_items,
)
from matching.models import ListsVersion, Verdict
from tenants.authentication import ApiKeyAuthentication, key_of

MOST_HASHES: Final = 1_000
PDQ_BYTES: Final = 32
CHALLENGE: Final = 'Basic realm="hashservice"'


class BasicKey(ApiKeyAuthentication):
    """Our key as the password of HTTP Basic; the user name is the caller's own affair."""

    def token_of(self, request: HttpRequest | Request) -> str | None:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            pair = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        return pair.partition(":")[2] or None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return CHALLENGE


class ArachnidView(ForeignView):
    authentication_classes = [BasicKey]

    def translated(self, problem: Problem, headers: Mapping[str, str]) -> Response:  # noqa: ARG002
        status = problem["status"]
        challenge = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
        return Response({"detail": problem["detail"]}, status=status, headers=challenge)


class MediaView(ArachnidView):
    def post(self, request: Request) -> Response:
        if request.headers.get("Content-Type", "").startswith("video/"):
            raise UnsupportedMediaType("videos are not scanned here; send frames as images")
        files = files_of(request)
        if len(files) != 1:
            raise ParseError("the body must be one image")
        return scanned(request, files[0].read())


class UrlView(ArachnidView, JsonView):
    def post(self, request: Request) -> Response:
        url = request.data.get("url") if isinstance(request.data, dict) else None
        if not isinstance(url, str):
            raise ParseError("url must be a text")
        return scanned(request, fetch_image(tenant=key_of(request).tenant, url=url))


class PdqView(ArachnidView, JsonView):
    required_scope = "match:hash"

    def units_of(self, request: Request) -> int:
        return units_of_items(len(_hashes(request.data)))

    def post(self, request: Request) -> Response:
        asked = _hashes(request.data)
        items = [HashItem(content_id="", digests=None, pdq=_pdq(text)) for text in asked]
        outcomes = match_hashes(key=key_of(request), items=items)
        scanned = {
            text: answers.scanned_hash(_judged(outcome))
            for text, outcome in zip(asked, outcomes, strict=True)
        }
        return Response({"scanned_hashes": scanned})


class VersionView(ArachnidView):
    def units_of(self, request: Request) -> int:  # noqa: ARG002
        return 0

    def get(self, request: Request) -> Response:  # noqa: ARG002
        version = ListsVersion.objects.get()
        return Response(
            {"version": "1", "lists": version.label, "last_updated_at": version.changed_at}
        )


def scanned(request: Request, data: bytes) -> Response:
    outcome = match_image(key=key_of(request), data=data)
    return Response(answers.scanned_media(_judged(outcome), data))


def _judged(outcome: Outcome) -> Outcome:
    """Raises NotChecked: this contract has no word for it but an error."""
    if outcome.submission.verdict == Verdict.NOT_CHECKED:
        raise NotChecked(f"not checked: {outcome.submission.not_checked_reason}")
    return outcome


def _hashes(body: Any) -> list[str]:
    hashes = body.get("hashes") if isinstance(body, dict) else None
    if not isinstance(hashes, list) or not 1 <= len(hashes) <= MOST_HASHES:
        raise ParseError(f"hashes must be a list of 1 to {MOST_HASHES} PDQ values in base64")
    return list(dict.fromkeys(map(str, hashes)))


def _pdq(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignalInvalid("a hash is not valid base64") from error
    if len(value) != PDQ_BYTES:
        raise SignalInvalid(f"a PDQ hash has {PDQ_BYTES} bytes, not {len(value)}")
    return value
