"""Files of a multipart form, as they come in, without one of them in memory or in clear on disk."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser

from matching.serializers import LONGEST_CONTENT_ID
from matching.spool import SealedUpload


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of the form: its bytes are `size` from `start` of the upload."""

    name: str
    start: int
    size: int


class _Sealing(FileUploadHandler):
    """Appends every file to one upload and notes where it lies."""

    def __init__(self, upload: SealedUpload) -> None:
        super().__init__()
        self._upload = upload
        self._length = 0
        self.files: list[FormFile] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        self._upload.append(raw_data)
        self._length += len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        name = (self.file_name or "")[:LONGEST_CONTENT_ID]
        self.files.append(FormFile(name, self._length - file_size, file_size))
        return None


def files_of_form(request: HttpRequest, upload: SealedUpload) -> list[FormFile]:
    """Raises Django's MultiPartParserError, and TooManyFilesSent."""
    handler = _Sealing(upload)
    MultiPartParser(request.META, request, [handler], request.encoding or "utf-8").parse()
    return handler.files
