"""Find the image in a request: raw bytes, a multipart field, base64 or an address in JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request
from rest_framework.settings import api_settings

from matching.fetching import fetch_image
from matching.hashing import ImageTooLarge
from matching.serializers import (
    LONGEST_CONTENT_ID,
    ContentId,
    EnhanceField,
    ImageJsonSerializer,
)
from tenants.authentication import key_of
from tenants.models import Enhancement

MULTIPART_FIELD = "image"
JSON_PARSERS = cast(list[type[BaseParser]], api_settings.DEFAULT_PARSER_CLASSES)
# As most clients write them, and as Python does.
FLAGS = {"true": True, "false": False, "1": True, "0": False, "True": True, "False": False}


@dataclass(frozen=True, slots=True)
class ImageRequest:
    data: bytes
    content_id: str
    enhance: Enhancement | None = None
    """None where the request does not say: the tenant's own choice holds."""


class RawBodyParser(BaseParser):
    """The body as it is, as if it were the form's file.

    The type a client names is not believed: the decoder sniffs the bytes.
    """

    media_type = "*/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> DataAndFiles[QueryDict, MultiValueDict[str, ContentFile[bytes]]]:
        body = ContentFile(stream.read(settings.MAX_IMAGE_BYTES + 1))
        return DataAndFiles(QueryDict(), MultiValueDict({MULTIPART_FIELD: [body]}))


def image_of(request: Request) -> ImageRequest:
    """The image and content id of a match request.

    Raises ImageTooLarge from the announced length before a byte is read, what `fetch_image` raises,
    and DRF's ParseError or ValidationError for a body of another shape.
    """
    _check_announced_length(request)
    is_form = isinstance(request.data, QueryDict)
    found = _from_form(request) if is_form else _from_json(request)
    _check_content_id(found.content_id)
    if not found.data:
        raise ParseError("the request holds no image")
    return found


def sends_raw_image(request: HttpRequest) -> bool:
    """Whether the body is the image and nothing else: the plain form of a match request."""
    content_type = request.META.get("CONTENT_TYPE", "")
    return (
        content_type.startswith("image/") or content_type == "application/octet-stream"
    ) and 0 < int(request.META["CONTENT_LENGTH"]) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def raw_image_of(request: HttpRequest) -> ImageRequest:
    """`image_of` for a request that `sends_raw_image`. Raises DRF's ValidationError."""
    query = request.GET
    content_id = query.get("content_id") or ""
    enhance = _enhancement(query.get("enhance"))
    _check_content_id(content_id)
    return ImageRequest(request.read(settings.MAX_IMAGE_BYTES + 1), content_id, enhance)


def _from_form(request: Request) -> ImageRequest:
    upload = request.FILES.get(MULTIPART_FIELD)
    if upload is None:
        raise ParseError(f"the form has no file in its field {MULTIPART_FIELD!r}")
    form = request.data if isinstance(request.data, QueryDict) else QueryDict()
    query = request.query_params
    content_id = form.get("content_id") or query.get("content_id", "")
    enhance = _enhancement(form.get("enhance", query.get("enhance")))
    return ImageRequest(upload.read(), content_id, enhance)


def _from_json(request: Request) -> ImageRequest:
    body = ImageJsonSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    fields = body.validated_data
    if ("image" in fields) == ("url" in fields):
        raise ParseError("the JSON must hold exactly one of image and url")
    content_id = fields.get("content_id", request.query_params.get("content_id", ""))
    enhance = fields.get("enhance", _enhancement(request.query_params.get("enhance")))
    if "url" in fields:
        data = fetch_image(tenant=key_of(request).tenant, url=fields["url"])
        return ImageRequest(data, content_id, enhance)
    return ImageRequest(_from_base64(fields["image"]), content_id, enhance)


def _enhancement(text: str | None) -> Enhancement | None:
    """What a query or a form says by a word; None when it has none."""
    if text is None:
        return None
    try:
        return Enhancement(EnhanceField().run_validation(text))
    except ValidationError as error:
        raise ValidationError({"enhance": error.detail}) from error


def flag_of(text: str | None) -> bool | None:
    """What a query says by a word that is true or false; None when it has none."""
    if text is None:
        return None
    if text not in FLAGS:
        raise ValidationError({"enhance": f"one of {', '.join(FLAGS)}"})
    return FLAGS[text]


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError("image is not valid base64") from error


def _check_content_id(content_id: str) -> None:
    """Wherever it stood in the request. PostgreSQL takes no NUL, and UTF-8 no lone surrogate."""
    if content_id.isascii() and content_id.isprintable() and len(content_id) <= LONGEST_CONTENT_ID:
        return
    try:
        ContentId().run_validation(content_id)
    except ValidationError as error:
        raise ValidationError({"content_id": error.detail}) from error


def _check_announced_length(request: Request) -> None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise ImageTooLarge("the request is longer than any image accepted here")
