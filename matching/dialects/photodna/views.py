"""`POST /photodna/v1.0/…`, in any spelling of the path, and never a redirect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from matching.cybertips import check_configured, prepare, send
from matching.dialects.foreign import ForeignView, Problem, files_of
from matching.dialects.photodna import answers
from matching.dialects.photodna.answers import Code
from matching.dialects.photodna.reports import Report
from matching.dialects.photodna.requests import (
    MOST_ITEMS,
    Address,
    NotComparable,
    hash_item,
    hashes_of,
    image_of,
    when_parts,
)
from matching.fetching import fetch_image
from matching.hashing import SignalInvalid
from matching.match import HashItem, match_hashes, match_image
from matching.models import Match, Verdict
from tenants.audit import context
from tenants.audit.record import Actor
from tenants.authentication import ApiKeyAuthentication, KeyInQuery, key_of
from tenants.models import ApiKey, Environment

KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
KEY_IN_QUERY: Final = "subscription-key"
CONTENT_TYPE: Final = "application/json; charset=utf-8"
CODES: Final[Mapping[str, Code]] = {
    "unsupported_media_type": Code.NOT_AN_IMAGE,
    "image_undecodable": Code.NOT_AN_IMAGE,
    "decode_limit": Code.NOT_AN_IMAGE,
    "not_checked": Code.NOT_AN_IMAGE,
    "image_too_small": Code.PIXELS_OUT_OF_RANGE,
    "image_too_large": Code.TOO_LARGE,
}
ITEM_ERRORS: Final = (APIException, NotComparable, SignalInvalid)


class SubscriptionKey(ApiKeyAuthentication):
    """Our key in the header where PhotoDNA's clients put theirs."""

    def authenticate(self, request: Request) -> Any:
        if any(name.lower() == KEY_IN_QUERY for name in request.query_params):
            raise KeyInQuery(f"Send the key in the header {KEY_HEADER}, and revoke this one.")
        return super().authenticate(request)

    def token_of(self, request: HttpRequest | Request) -> str | None:
        return request.headers.get(KEY_HEADER, "").strip() or None


class PhotoDnaView(ForeignView):
    """HTTP 200 for everything about the image: PHP clients would repeat a 4xx for ever."""

    authentication_classes = [SubscriptionKey]

    is_strict = True
    """Whether errors leave out `IsMatch`, so that none can be read as clean: as the tenant set it,
    and as long as nobody knows whose call it is."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.is_strict = key_of(request).tenant.strict_mode

    def translated(self, problem: Problem, headers: Mapping[str, str]) -> Response:
        status, code = problem["status"], problem["code"]
        if status in {401, 403, 404, 405, 429}:
            message = _message(problem, headers)
            return answered({"statusCode": status, "message": message}, status=status)
        if status >= 500:
            body = self.failed(Code.UNHANDLED, problem["detail"])
            body |= {"statusCode": status, "message": problem["detail"]}
            return answered(body, status=status)
        http = 400 if code == "key_in_query" else 200
        found = CODES.get(code, Code.INVALID_PARAMETER)
        return answered(self.failed(found, problem["detail"]), status=http)

    def failed(self, code: Code, why: str) -> dict[str, Any]:
        tracking_id = context.current().request_id
        return answers.single_failure(code, why, tracking_id=tracking_id, strict=self.is_strict)


class MatchView(PhotoDnaView):
    def post(self, request: Request) -> Response:
        key, image = key_of(request), image_of(request)
        data = (
            fetch_image(tenant=key.tenant, url=image.url) if isinstance(image, Address) else image
        )
        outcome = match_image(key=key, data=data, enhance=when_parts(request))
        return answered(answers.single(outcome, strict=self.is_strict))


class SeveralView(PhotoDnaView):
    """Answers with one result an item; what is wrong with the whole is told of one item."""

    def failed(self, code: Code, why: str) -> dict[str, Any]:
        failure = answers.failure(code, why, strict=self.is_strict)
        return answers.several([failure], tracking_id=context.current().request_id)


class MatchHashView(SeveralView):
    required_scope = "match:hash"

    def post(self, request: Request) -> Response:
        parsed = [self._parsed(fields) for fields in hashes_of(request)]
        good = [item for item in parsed if isinstance(item, HashItem)]
        outcomes = iter(match_hashes(key=key_of(request), items=good))
        results = [
            answers.item(next(outcomes), strict=self.is_strict)
            if isinstance(item, HashItem)
            else item
            for item in parsed
        ]
        return answered(answers.several(results, tracking_id=context.current().request_id))

    def _parsed(self, fields: Mapping[str, Any]) -> HashItem | dict[str, Any]:
        try:
            return hash_item(fields)
        except ITEM_ERRORS as error:
            return answers.failure(Code.INVALID_PARAMETER, str(error), strict=self.is_strict)


class MatchEdgeHashView(SeveralView):
    """Edge hashes are Microsoft's alone: every part is answered, and none as checked."""

    required_scope = "match:hash"

    def post(self, request: Request) -> Response:
        names = [name for name, files in request.FILES.lists() for _ in files]
        if not 1 <= len(names) <= MOST_ITEMS:
            raise ParseError(f"1 to {MOST_ITEMS} parts a request, not {len(files_of(request))}")
        why = "edge hashes can not be compared here; send the image to Match"
        results = [
            answers.failure(Code.INVALID_PARAMETER, why, strict=self.is_strict, content_id=name)
            for name in names
        ]
        return answered(answers.several(results, tracking_id=context.current().request_id))


class ReportView(PhotoDnaView):
    """Reports go to the CyberTipline by the operator's account; those of test keys go nowhere."""

    required_scope = "reports"

    def post(self, request: Request) -> Response:
        key, report = key_of(request), Report(request)
        is_live = key.environment == Environment.LIVE and not report.is_test
        if is_live:
            check_configured()
        found = [self._matches(key, name, data) for name, data in report.images()]
        with transaction.atomic():
            tips = [
                prepare(match=match, incident=report.incident(place), actor=Actor.key(key))
                for place, matches in enumerate(found)
                for match in matches
            ]
            for tip in tips if is_live else ():
                send(tip=tip, actor=Actor.key(key))
        tracking_id = context.current().request_id
        return answered(answers.reported([t.public_id for t in tips], tracking_id=tracking_id))

    def failed(self, code: Code, why: str) -> dict[str, Any]:
        failure = answers.failure(code, why, strict=True)
        told = {"Status": failure["Status"], "TrackingId": context.current().request_id}
        return {**told, "ReportId": None}

    def _matches(self, key: ApiKey, name: str, data: bytes) -> list[Match]:
        outcome = match_image(key=key, data=data, content_id=name)
        if outcome.submission.verdict != Verdict.MATCH:
            raise ParseError(f"{name or 'a file'} is not listed: report it to the CyberTipline")
        return [Match.objects.get(public_id=match.public_id) for match in outcome.matches]


def answered(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(body, status=status, content_type=CONTENT_TYPE)


def _message(problem: Problem, headers: Mapping[str, str]) -> str:
    """The texts that clients look for."""
    if problem["status"] == 401:
        return "Access denied due to invalid subscription key."
    if problem["status"] == 429:
        seconds = math.ceil(float(headers.get("Retry-After", 1)))
        return f"Rate limit is exceeded. Try again in {seconds} seconds."
    return str(problem["detail"])
