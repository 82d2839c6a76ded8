"""The two requests there are: fetch something small, and post something small."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType
from typing import Final

from django.conf import settings

from tenants.outgoing.addresses import rules
from tenants.outgoing.connection import Deadline, connected
from tenants.outgoing.errors import AnswerTooLarge, NotReached, Unreached
from tenants.outgoing.target import parsed, resolved

CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case. Of a POST the body is read if asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def check(url: str) -> None:
    """Raise AddressRefused unless `url` leads to a public host now."""
    in_force = rules()
    resolved(parsed(url, in_force), in_force)


def fetch(
    url: str,
    *,
    most_bytes: int,
    seconds: float,
    accept: str,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    """GET `url`, at most `most_bytes` of body, within `seconds`. A redirect is its own answer.

    Raises AddressRefused, NotReached, AnswerTooLarge.
    """
    asked = {**headers, "Accept": accept, "Accept-Encoding": "identity"}
    with _sent("GET", url, None, asked, seconds) as response:
        return Answer(response.status, _headers(response), _body(response, most_bytes))


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], seconds: float, most_bytes: int = 0
) -> Answer:
    """POST `body` to `url` within `seconds`; the answer's body is read if it may have any bytes.

    Raises AddressRefused, NotReached, AnswerTooLarge.
    """
    with _sent("POST", url, body, headers, seconds) as response:
        answered = _body(response, most_bytes) if most_bytes else b""
        return Answer(response.status, _headers(response), answered)


@contextmanager
def _sent(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], seconds: float
) -> Iterator[HTTPResponse]:
    in_force, deadline = rules(), Deadline(seconds)
    target = parsed(url, in_force)
    addresses = resolved(target, in_force)
    with _told():
        connection, sock = connected(target, addresses, deadline)
        try:
            own = {"Host": target.authority, "User-Agent": user_agent(), "Connection": "close"}
            connection.request(method, target.path, body, {**headers, **own})
            yield connection.getresponse()
        finally:
            sock.close()


def user_agent() -> str:
    """Who we are, and where to complain."""
    return f"hashservice/1 (+{settings.PUBLIC_URL})"


@contextmanager
def _told() -> Iterator[None]:
    """Every way of getting no answer, in our words."""
    try:
        yield
    except TimeoutError as error:
        raise NotReached(Unreached.TIMEOUT) from error
    except ssl.SSLError as error:
        raise NotReached(Unreached.TLS) from error
    except OSError as error:
        raise NotReached(Unreached.CONNECTION) from error
    except (HTTPException, ValueError) as error:  # a body or header that makes no sense
        raise NotReached(Unreached.PROTOCOL) from error


def _headers(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _body(response: HTTPResponse, most_bytes: int) -> bytes:
    if (response.length or 0) > most_bytes:
        raise AnswerTooLarge
    body = bytearray()
    while part := response.read(min(CHUNK, most_bytes + 1 - len(body))):
        body += part
        if len(body) > most_bytes:
            raise AnswerTooLarge
    if response.length:  # it was cut short
        raise NotReached(Unreached.PROTOCOL)
    return bytes(body)
