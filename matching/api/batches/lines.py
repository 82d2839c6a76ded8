"""The lines of a request's body, as they come in."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest
from rest_framework.exceptions import ParseError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READ_BYTES: Final = 1 << 20


class BodyEndedEarly(ParseError):
    """Fewer bytes came than were announced: what is missing must not pass for absent."""


def lines_of(request: HttpRequest, *, longest: int) -> Iterator[bytes]:
    """Each with its newline; of a line beyond `longest` bytes no more than one byte too many.

    Raises BodyEndedEarly. By `read` alone: the `readline` of a WSGI server may lose what follows
    the first line, as Granian's does (2.8.7).
    """
    body = _Body(request)
    with io.BufferedReader(body, READ_BYTES) as reader:
        while line := reader.readline(longest + 1):
            yield line
    if body.length < int(request.META.get("CONTENT_LENGTH") or 0):
        raise BodyEndedEarly("the body is shorter than its Content-Length")


class _Body(io.RawIOBase):
    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.length = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        data = self._request.read(len(target))
        target[: len(data)] = data
        self.length += len(data)
        return len(data)
