"""Views of the busiest routes: plain calls are answered without DRF's machinery.

Its request objects, parsers, negotiation and renderers take a fifth of the time of a look-up. What
nearly every client sends needs none of them. The gates are the very same functions in the same
order, and whatever is unusual about a call is left to DRF.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ParseError
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import provocations
from tenants.api.idempotency import HEADER
from tenants.audit import context
from tenants.authentication import ScopeMissing, authenticate_header, refuse_key_in_query
from tenants.models import ApiKey
from tenants.throttling import admit_call

JSON: Final = "application/json"
_ANSWERED_IN_JSON: Final = frozenset({"", "*/*", JSON})
_NOT_PLAIN: Final = tuple(
    f"HTTP_{name.upper().replace('-', '_')}" for name in (HEADER, provocations.HEADER)
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ESCAPED: Final = {0x2028: "\\u2028", 0x2029: "\\u2029"}  # as DRF does, for JavaScript's sake


class LeanView(APIView, ABC):
    """A view with a POST that has a plain form: subclasses read and answer that themselves.

    `required_scope` is one scope; every call is charged what `plain_units` says.
    """

    required_scope: str

    @abstractmethod
    def takes(self, request: HttpRequest) -> bool:
        """Whether type, query and the rest of the head are of the plain form."""

    @abstractmethod
    def plain_units(self, request: HttpRequest) -> int:
        """What the call costs; what is wrong with it is told by `plain_answer`."""

    @abstractmethod
    def plain_answer(self, request: HttpRequest, key: ApiKey) -> Response:
        """The answer to an admitted call, not rendered."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Django's entrance to every view."""
        if not (_is_plain(request.META) and self.takes(request)):
            return super().dispatch(request, *args, **kwargs)
        self.headers: dict[str, str] = {}
        try:
            response = self._answered(request)
        except Exception as error:  # noqa: BLE001  # as in DRF's dispatch: every error has its answer
            response = self.get_exception_handler()(error, {})
        for name, value in self.headers.items():
            response[name] = value
        return _rendered(response)

    def _answered(self, request: HttpRequest) -> Response:
        if request.META.get("QUERY_STRING"):
            refuse_key_in_query(request.GET)
        header = request.META.get("HTTP_AUTHORIZATION", "")
        key = authenticate_header(header, context.current().address)
        request.auth = key  # type: ignore[attr-defined]  # as DRF does: the audit log asks for it
        self.headers |= admit_call(key, units=self.plain_units(request))
        if self.required_scope not in key.scopes:
            raise ScopeMissing(self.required_scope)
        return self.plain_answer(request, key)


def is_json(request: HttpRequest) -> bool:
    """Whether the body is said to be JSON, in UTF-8 as all JSON is."""
    content_type: str = request.META.get("CONTENT_TYPE", "")
    return content_type.partition(";")[0] == JSON


def json_of(request: HttpRequest) -> object:
    """What the body says. Raises DRF's ParseError."""
    try:
        return json.loads(request.read().decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"JSON parse error - {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")


def _is_plain(meta: Mapping[str, str]) -> bool:
    """A POST with a body of known length and nothing in its head that asks for more."""
    return (
        meta["REQUEST_METHOD"] == "POST"
        and meta.get("CONTENT_LENGTH", "").isdecimal()
        and meta.get("HTTP_ACCEPT", "") in _ANSWERED_IN_JSON
        and not any(name in meta for name in _NOT_PLAIN)
    )


def _rendered(response: Response) -> Response:
    response.content = _ENCODER.encode(response.data).translate(_ESCAPED).encode()
    response["Content-Type"] = response.content_type or JSON
    return response
