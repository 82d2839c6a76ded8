"""One running service for all tests that ask over a real socket.

Tests that use it belong to the group `served`, so that one process runs them all and starts one.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from PIL import Image

from hashservice.demo.copies import rendered_pictures
from tests.benchmarks.installation import installation

PICTURES = rendered_pictures()
TIMEOUT_SECONDS = 30
over_a_socket = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("served"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the orphans"),
]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: Any = field(repr=False)


@dataclass(frozen=True)
class Served:
    """A service whose test list knows `PICTURES.known`; `key` may also look hashes up."""

    port: int
    key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """The JSON answer to a request as it stands; names of headers with `_` for `-`."""
        connection = self.connect()
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=fields)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, json.load(response))
        connection.close()
        return answer


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    before = dict(os.environ)
    with installation(workers=1) as installed:
        key = installed.run("tests.installed_key").strip()
        # Other tests go on meanwhile, with the environment they had.
        with installed.serving(), patch.dict(os.environ, before, clear=True):
            yield Served(installed.port, key)


def as_jpeg(data: bytes, *, width: int | None = None) -> bytes:
    """The picture recompressed, at `width` pixels or its own: known, but by no digest."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if width is not None:
        picture.thumbnail((width, width))
    copy = io.BytesIO()
    picture.save(copy, "JPEG", quality=80)
    return copy.getvalue()


def form(*parts: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """The body and content type of a multipart form of files: (field, file name, bytes)."""
    lines = [
        b'--part\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\n%b\r\n'
        % (name.encode(), file.encode(), data)
        for name, file, data in parts
    ]
    return b"".join(lines) + b"--part--\r\n", "multipart/form-data; boundary=part"
