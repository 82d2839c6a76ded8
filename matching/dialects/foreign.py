"""A view that speaks another service's contract: our problems are told in its words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from matching.api.bodies import JSON_PARSERS, RawBodyParser
from matching.match import PRICE_OF_ADMISSION

Problem = Mapping[str, Any]


class AlwaysJson(DefaultContentNegotiation):
    """These contracts answer JSON whatever a client says it accepts."""

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or "application/json"


class ForeignView(APIView, ABC):
    """Answers in the words of another contract."""

    required_scope: str | None = "match"
    parser_classes = [MultiPartParser, RawBodyParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJson
    schema = None  # the contract is the other service's

    def units_of(self, request: Request) -> int:  # noqa: ARG002
        """What every check costs, at least."""
        return PRICE_OF_ADMISSION

    @abstractmethod
    def translated(self, problem: Problem, headers: Mapping[str, str]) -> Response:
        """How a problem of the native API reads in this contract."""

    def handle_exception(self, error: Exception) -> Response:
        told = super().handle_exception(error)
        problem: Problem = told.data
        response = self.translated(problem, told.headers)
        for name in ("Retry-After", "RateLimit", "RateLimit-Policy"):
            if name in told.headers:
                response.headers.setdefault(name, told.headers[name])
        # For the audit log and the figures: what the contract calls a success may be a refusal.
        response.audited_as = (problem["status"], problem["code"])  # type: ignore[attr-defined]
        response.exception = True
        return response


class JsonView(ForeignView):
    """For routes that take nothing but JSON."""

    parser_classes = JSON_PARSERS


def files_of(request: Request) -> list[UploadedFile[bytes]]:
    """The files of a form, or the raw body as the only one, in the order sent."""
    return [file for _, files in request.FILES.lists() for file in files]
