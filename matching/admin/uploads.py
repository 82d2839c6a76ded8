"""Uploads of hash lists: on disk from the first byte, where only the service reads them."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from matching.importers import files


class DeliveryHandler(TemporaryFileUploadHandler):
    """As Django's, but in the folder of imports. Files of images never come this way."""

    def new_file(self, *args: Any, **options: Any) -> None:
        FileUploadHandler.new_file(self, *args, **options)
        self.file = _Delivery(
            self.file_name, self.content_type, 0, self.charset, self.content_type_extra
        )


class _Delivery(TemporaryUploadedFile):
    """Gone when it is closed, which the end of the request does."""

    def __init__(self, *described: Any) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=files.folder())  # noqa: SIM115
        UploadedFile.__init__(self, file, *described)
