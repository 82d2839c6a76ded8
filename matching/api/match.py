"""`POST /v1/match`: one image, one verdict."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from matching.answers.verdicts import verdict_response
from matching.api.bodies import (
    JSON_PARSERS,
    ImageRequest,
    RawBodyParser,
    image_of,
    raw_image_of,
    sends_raw_image,
)
from matching.match import PRICE_OF_ADMISSION, match_image
from matching.serializers import EnhanceField, ImageJsonSerializer, VerdictSerializer
from matching.tasks import ring_for_waiting_images
from tenants.api.idempotency import idempotent
from tenants.api.lean import LeanView
from tenants.api.schema import SOME_BYTES
from tenants.authentication import key_of
from tenants.models import ApiKey, Enhancement


class MatchView(LeanView):
    required_scope = "match"
    parser_classes = [*JSON_PARSERS, MultiPartParser, RawBodyParser]

    def units_of(self, request: Request) -> int:  # noqa: ARG002
        """What every image costs; how large it is turns out when it is decoded."""
        return PRICE_OF_ADMISSION

    def takes(self, request: HttpRequest) -> bool:
        return sends_raw_image(request)

    def plain_units(self, request: HttpRequest) -> int:  # noqa: ARG002
        return PRICE_OF_ADMISSION

    def plain_answer(self, request: HttpRequest, key: ApiKey) -> Response:
        return _matched(raw_image_of(request), key)

    @extend_schema(
        operation_id="match",
        summary="Check an image",
        parameters=[
            OpenApiParameter("content_id", str, description="Your own name for it."),
            OpenApiParameter(
                "enhance",
                str,
                enum=list(EnhanceField.WORDS),
                description="Find parts of listed images too: crops, rotations, collages. With "
                "`true` before the answer, which is slower; with `async` after it: the answer "
                "names the stage as `pending`. Without it your tenant's setting holds.",
            ),
        ],
        request={
            "application/octet-stream": SOME_BYTES,
            "image/*": SOME_BYTES,
            "application/json": ImageJsonSerializer,
            "multipart/form-data": {
                "type": "object",
                "required": ["image"],
                "properties": {
                    "image": SOME_BYTES,
                    "content_id": {"type": "string", "maxLength": 256},
                    "enhance": {"type": "string", "enum": list(EnhanceField.WORDS)},
                },
            },
        },
        responses={200: VerdictSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        return _matched(image_of(request), key_of(request))


def _matched(image: ImageRequest, key: ApiKey) -> Response:
    enhance = image.enhance
    if enhance is None:
        enhance = Enhancement(key.tenant.enhance_by_default)
    outcome = match_image(key=key, data=image.data, content_id=image.content_id, enhance=enhance)
    if outcome.submission.awaits_parts:
        transaction.on_commit(ring_for_waiting_images)
    return verdict_response(outcome)
