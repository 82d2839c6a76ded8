"""The items of a batch, read from the request as they come in: NDJSON, a form, or a ZIP."""

from __future__ import annotations

import base64
import binascii
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import ParseError

from matching.api.batches.forms import files_of_form
from matching.api.batches.lines import READ_BYTES, lines_of
from matching.batches import BatchTooLarge, ItemDraft, ItemKind
from matching.hashing import ImageTooLarge, SignalInvalid
from matching.serializers import LONGEST_CONTENT_ID, HashItemSerializer
from matching.spool import SealedUpload

LINE_OVERHEAD: Final = 8_192
MOST_RATIO: Final = 200
"""Images do not compress; what unpacks to more than this many times its size is a bomb."""
UNPACKING_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # NotImplementedError too: a method of compression that is not known
    ValueError,
)
SIGNALS: Final = ("sha256", "sha1", "md5", "pdq", "pdq_quality")


class BatchUnreadable(ParseError):
    """The body is not of the shape its content type says; nothing of it was accepted."""


def items_of(request: HttpRequest, *, may_look_up_pdq: bool) -> Iterator[ItemDraft]:
    """Raises BatchUnreadable and BatchTooLarge; what is wrong with one item becomes its error."""
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > settings.MAX_BATCH_BYTES:
        raise BatchTooLarge(f"at most {settings.MAX_BATCH_BYTES} bytes a batch")
    media_type = request.content_type
    if media_type == "multipart/form-data":
        yield from _items_of_form(request)
    elif media_type in {"application/zip", "application/x-zip-compressed"}:
        yield from _items_of_zip(request)
    else:
        yield from _items_of_lines(request, may_look_up_pdq=may_look_up_pdq)


# --- NDJSON ---


def _items_of_lines(request: HttpRequest, *, may_look_up_pdq: bool) -> Iterator[ItemDraft]:
    longest = settings.MAX_IMAGE_BYTES * 4 // 3 + LINE_OVERHEAD
    for number, line in enumerate(lines_of(request, longest=longest), 1):
        if len(line) > longest:
            raise BatchTooLarge(f"line {number} is longer than any image accepted here")
        if line.strip():
            yield _item_of_line(_json(line, number), number, may_look_up_pdq=may_look_up_pdq)


def _json(line: bytes, number: int) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BatchUnreadable(f"line {number} is not valid JSON") from error
    if not isinstance(fields, dict):
        raise BatchUnreadable(f"line {number} is no JSON object")
    return fields


def _item_of_line(fields: dict[str, Any], number: int, *, may_look_up_pdq: bool) -> ItemDraft:
    content_id = fields.get("content_id", "")
    if not isinstance(content_id, str) or len(content_id) > LONGEST_CONTENT_ID:
        return _failed("", "RequestInvalid", f"line {number}: content_id is not a short text")
    asked = [name for name in ("image", "url") if name in fields]
    hashes: dict[str, Any] = {name: fields[name] for name in SIGNALS if name in fields}
    if len(asked) + bool(hashes) != 1 or set(fields) - {"content_id", "image", "url", *SIGNALS}:
        return _failed(content_id, "RequestInvalid", "exactly one of image, url and hashes")
    if "image" in fields:
        return _image(content_id, fields["image"])
    if "url" in fields:
        return _url(content_id, fields["url"])
    if "pdq" in hashes and not may_look_up_pdq:
        return _failed(content_id, "ScopeMissing", "match:hash")
    return _hashes(content_id, hashes)


def _image(content_id: str, text: Any) -> ItemDraft:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return _failed(content_id, "RequestInvalid", "image is not valid base64")
    return checked_image(content_id, data)


def _url(content_id: str, url: Any) -> ItemDraft:
    if not isinstance(url, str) or not 0 < len(url) <= 2_048:
        return _failed(content_id, "RequestInvalid", "url is not a short text")
    return ItemDraft(content_id, ItemKind.URL, url)


def _hashes(content_id: str, hashes: dict[str, Any]) -> ItemDraft:
    form = HashItemSerializer(data=hashes)
    if not form.is_valid():
        return _failed(content_id, SignalInvalid.__name__, "a hash is malformed")
    return ItemDraft(content_id, ItemKind.HASHES, hashes)


# --- Form ---


def _items_of_form(request: HttpRequest) -> Iterator[ItemDraft]:
    """Every file of the form, whatever its field is called; its file name is the content id."""
    with SealedUpload() as upload:
        try:
            files = files_of_form(request, upload)
        except MultiPartParserError as error:
            raise BatchUnreadable("the form is damaged") from error
        upload.complete()
        for file in files:
            upload.seek(file.start)
            data = upload.read(min(file.size, settings.MAX_IMAGE_BYTES + 1)) or b""
            yield checked_image(file.name, data)


# --- ZIP ---


def _items_of_zip(request: HttpRequest) -> Iterator[ItemDraft]:
    with SealedUpload() as upload:
        while part := request.read(READ_BYTES):
            upload.append(part)
        upload.complete()
        try:
            with zipfile.ZipFile(upload) as archive:
                yield from _members(archive)
        except UNPACKING_ERRORS as error:
            raise BatchUnreadable("the ZIP is damaged") from error


def _members(archive: zipfile.ZipFile) -> Iterator[ItemDraft]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > settings.MAX_BATCH_ITEMS:
        raise BatchTooLarge(f"at most {settings.MAX_BATCH_ITEMS} items a batch")
    if sum(member.file_size for member in members) > settings.MAX_BATCH_BYTES:
        raise BatchTooLarge(f"at most {settings.MAX_BATCH_BYTES} bytes a batch, unpacked")
    for member in members:
        yield _member(archive, member)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> ItemDraft:
    """The name is a content id and nothing else: no path is ever made of it."""
    content_id = member.filename[:LONGEST_CONTENT_ID]
    most = min(settings.MAX_IMAGE_BYTES, MOST_RATIO * member.compress_size + READ_BYTES)
    if member.file_size > most:
        return _failed(content_id, ImageTooLarge.__name__, "it unpacks to more than an image has")
    if member.flag_bits & 0x1:
        return _failed(content_id, "RequestInvalid", "it is encrypted")
    try:
        with archive.open(member) as file:
            data = file.read(most + 1)
    except UNPACKING_ERRORS:
        return _failed(content_id, "RequestInvalid", "it can not be unpacked")
    return checked_image(content_id, data)


def checked_image(content_id: str, data: bytes) -> ItemDraft:
    """The item of an image's bytes, or its error when they are none, or too many."""
    if not data:
        return _failed(content_id, "RequestInvalid", "there are no bytes")
    if len(data) > settings.MAX_IMAGE_BYTES:
        return _failed(content_id, ImageTooLarge.__name__, "more bytes than an image may have")
    return ItemDraft(content_id, ItemKind.IMAGE, image=data)


def _failed(content_id: str, name: str, text: str) -> ItemDraft:
    return ItemDraft(content_id, ItemKind.FAILED, {"name": name, "text": text})
