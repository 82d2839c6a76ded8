"""The one table from exceptions to answers, and the one shape of an error (RFC 9457).

Exceptions live beside the code that raises them and know nothing of HTTP. A code, once published,
never changes its meaning.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from matching import (
    access,
    batches,
    curation,
    cybertips,
    fetching,
    hashing,
    match,
    partial,
    reports,
    snapshot,
)
from matching.answers import items
from matching.hashing import sandbox
from matching.models import ListsVersion
from tenants import authentication, keys, outgoing, provocations, throttling, webhooks
from tenants.api import idempotency
from tenants.audit import checkpoints, context

CONTENT_TYPE = "application/problem+json"
RETRY_SOON_SECONDS = 5
FOR_PEOPLE = ("/portal/", "/accounts/")
DETAILS = {
    403: "Your role in this team does not include it. An owner of the team can change that.",
    404: "It may have been removed, or the address is not quite right.",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    code: str
    title: str

    def body(self, detail: str) -> dict[str, Any]:
        return {
            "type": f"urn:hashservice:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": detail or self.title,
            "request_id": context.current().request_id,
        }


UNAVAILABLE = Problem(503, "database_unavailable", "The service can not reach its database")
NOT_FOUND = Problem(404, "not_found", "There is no such thing")
CONFLICT = Problem(409, "conflict", "The state of the thing does not allow this")
NO_INDEX = Problem(503, "index_unavailable", "The index can not be searched at the moment")
URL_REFUSED = Problem(422, "url_refused", "The address will not be connected to")
BATCH_TOO_LARGE = Problem(413, "batch_too_large", "The batch is too large")
INTERNAL = Problem(500, "internal_error", "Something went wrong on our side")

PROBLEMS: Mapping[type[Exception], Problem] = {
    keys.KeyInvalid: Problem(401, "key_invalid", "The API key is missing or not valid"),
    keys.ScopeExceeded: Problem(403, "scope_exceeded", "A key can not grant what it lacks"),
    keys.KeyTermsInvalid: Problem(422, "key_terms_invalid", "A key can not be issued so"),
    keys.KeyNotActive: CONFLICT,
    keys.KeyNotFound: NOT_FOUND,
    authentication.KeyInQuery: Problem(400, "key_in_query", "Keys must not stand in the address"),
    authentication.ScopeMissing: Problem(403, "scope_missing", "The key lacks a scope"),
    throttling.RateLimited: Problem(429, "rate_limited", "Too many requests"),
    throttling.QuotaExceeded: Problem(429, "quota_exceeded", "The month's quota is used up"),
    hashing.ImageUndecodable: Problem(422, "image_undecodable", "The image can not be decoded"),
    hashing.ImageTooLarge: Problem(413, "image_too_large", "The image is too large"),
    hashing.ImageTooSmall: Problem(422, "image_too_small", "The image is too small"),
    hashing.UnsupportedMediaType: Problem(
        415, "unsupported_media_type", "The file is no image of a supported format"
    ),
    hashing.DecodeLimitExceeded: Problem(
        422, "decode_limit", "Decoding the image took more than it may"
    ),
    sandbox.DecoderUnavailable: Problem(
        503, "decoder_unavailable", "No image can be decoded at the moment"
    ),
    hashing.SignalInvalid: Problem(422, "signal_invalid", "The hash is not valid"),
    match.NotChecked: Problem(422, "not_checked", "The image or hash could not be judged"),
    snapshot.IndexUnavailable: NO_INDEX,
    ListsVersion.DoesNotExist: NO_INDEX,
    partial.PartialIndexUnavailable: NO_INDEX,
    match.PartialBusy: Problem(503, "partial_busy", "Too many images are searched for parts"),
    match.MatchingStopped: Problem(
        503, "matching_stopped", "The curators have stopped all matching for the moment"
    ),
    checkpoints.LogContradictsCheckpoint: Problem(
        503, "audit_inconsistent", "The audit log contradicts a checkpoint that was signed before"
    ),
    cybertips.TipInvalid: Problem(422, "report_invalid", "The report is not valid"),
    cybertips.AlreadyReported: CONFLICT,
    cybertips.OfATestKey: Problem(409, "report_of_test", "What a test key finds is not reported"),
    cybertips.NotConfigured: Problem(
        409, "reporting_not_configured", "Reports can not be sent from here"
    ),
    reports.PrintingFailed: Problem(
        503, "printing_failed", "The report can not be printed at the moment"
    ),
    access.NotFound: NOT_FOUND,
    batches.BatchEmpty: Problem(400, "batch_empty", "The batch holds no items"),
    batches.BatchTooLarge: BATCH_TOO_LARGE,
    TooManyFilesSent: BATCH_TOO_LARGE,
    items.ItemLost: Problem(500, "item_lost", "The item could not be worked on"),
    curation.EntryExists: Problem(409, "entry_exists", "The list has this entry already"),
    curation.AlreadyRetired: Problem(409, "already_retired", "The entry is retired already"),
    curation.Conflict: CONFLICT,
    idempotency.IdempotencyMismatch: Problem(
        422, "idempotency_mismatch", "The Idempotency-Key belongs to another payload"
    ),
    idempotency.StillRunning: CONFLICT,
    idempotency.AnswerLost: CONFLICT,
    fetching.UrlsNotIncluded: URL_REFUSED,
    fetching.UrlNotFetched: Problem(
        422, "url_not_fetched", "No image came from the address; nothing was checked"
    ),
    fetching.FetcherBusy: Problem(
        503, "fetcher_busy", "Too many images are being fetched at the moment"
    ),
    outgoing.AddressRefused: URL_REFUSED,
    webhooks.EndpointNotFound: NOT_FOUND,
    webhooks.DeliveryNotFound: NOT_FOUND,
    webhooks.EndpointDisabled: CONFLICT,
    webhooks.TooManyEndpoints: CONFLICT,
    provocations.NotForLiveKeys: Problem(400, "request_invalid", "The request is not valid"),
    Http404: NOT_FOUND,
    PermissionDenied: Problem(403, "forbidden", "This is not allowed"),
    RequestDataTooBig: Problem(413, "image_too_large", "The image is too large"),
    OperationalError: UNAVAILABLE,
    InterfaceError: UNAVAILABLE,
}
BY_STATUS: Mapping[int, Problem] = {
    400: Problem(400, "request_invalid", "The request is not valid"),
    401: PROBLEMS[keys.KeyInvalid],
    403: PROBLEMS[PermissionDenied],
    404: NOT_FOUND,
    405: Problem(405, "method_not_allowed", "This method is not offered here"),
    406: Problem(406, "not_acceptable", "The answer can not be given in this form"),
    415: PROBLEMS[hashing.UnsupportedMediaType],
}

BY_CODE: Mapping[str, Problem] = {
    problem.code: problem for problem in (*PROBLEMS.values(), *BY_STATUS.values(), INTERNAL)
}


def problem_response(error: Exception, view: Mapping[str, Any]) -> Response:  # noqa: ARG001
    """DRF's exception handler: every error of the native API in one shape."""
    error = rationed(error)
    problem = problem_of(error)
    response = Response(
        problem.body(_detail(error, problem)) | _members(error),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=_headers(error, problem),
    )
    if problem is INTERNAL and not isinstance(error, provocations.Provoked):
        logger.error("unexpected error", exc_info=error)
    return response


def rationed(error: Exception) -> Exception:
    """The error to tell: of failed authentications only so many, afterwards 429."""
    if isinstance(error, keys.KeyInvalid):
        try:
            throttling.charge_failure(source=context.current().source, key_id=error.key_id)
        except throttling.RateLimited as limited:
            return limited
    return error


def problem_of(error: Exception) -> Problem:
    if isinstance(error, provocations.Provoked):
        return BY_CODE.get(error.code, BY_STATUS[400])
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return PROBLEMS[kind]
    if isinstance(error, APIException):
        return BY_STATUS.get(error.status_code, BY_STATUS[400])
    return INTERNAL


def plain_response(request: HttpRequest, problem: Problem, detail: str = "") -> JsonResponse:  # noqa: ARG001
    """The same shape outside DRF: unknown addresses, refused hosts, crashes."""
    return JsonResponse(problem.body(detail), status=problem.status, content_type=CONTENT_TYPE)


def _told(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A page for people in the portal, problem+json for programs."""
    if not request.path.startswith(FOR_PEOPLE):
        return plain_response(request, problem)
    context = {"title": problem.title, "detail": DETAILS.get(problem.status, "")}
    return render(request, "portal/error.html", context, status=problem.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _told(request, BY_STATUS[400])


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _told(request, BY_STATUS[403])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _told(request, BY_STATUS[404])


def server_error(request: HttpRequest) -> JsonResponse:
    return plain_response(request, INTERNAL)


def _detail(error: Exception, problem: Problem) -> str:
    """What may be told. Of our own failures only the title: their texts are for the log."""
    if problem.status >= 500 or problem.status in {401, 404}:
        return problem.title
    if isinstance(error, ValidationError):
        return _flattened(error.detail)
    return str(error) or problem.title


def _flattened(detail: Any, path: str = "") -> str:
    if isinstance(detail, Mapping):
        return "; ".join(_flattened(part, f"{path}{name}: ") for name, part in detail.items())
    if isinstance(detail, list):
        return "; ".join(_flattened(part, path) for part in detail)
    return f"{path}{detail}"


def _members(error: Exception) -> dict[str, Any]:
    """What a problem tells beside its detail: the policies that stood in the way, as in the draft
    that the headers are from."""
    if isinstance(error, (throttling.RateLimited, throttling.QuotaExceeded)):
        return {"violated-policies": error.decision.violated}
    return {}


def _headers(error: Exception, problem: Problem) -> dict[str, str]:
    if isinstance(error, provocations.Provoked) and problem.status == 429:
        return {"Retry-After": "1"}
    if problem.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="hashservice"'}
    if isinstance(error, idempotency.StillRunning):
        return {"Retry-After": "1"}
    if problem.status == 503:
        return {"Retry-After": str(RETRY_SOON_SECONDS)}
    if isinstance(error, (throttling.RateLimited, throttling.QuotaExceeded)):
        return throttling.rate_limit_headers(error.decision)
    return {}
