"""The CyberTipline's web service: open a report, and finish it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings

from tenants import outgoing

SECONDS: Final = 30.0
MOST_BYTES: Final = 64 * 1024
BOUNDARY: Final = "hashservice-form"
# 1xxx: their server; 2xxx and 3xxx: who we are; 4xxx: what we sent; 5xxx: the report's state.
REFUSED: Final = range(4000, 5000)


class Unanswered(Exception):
    """No answer that settles it: to be tried again."""


class Refused(Exception):
    """The report itself is refused: trying again would change nothing."""


@dataclass(frozen=True)
class _Answer:
    code: int
    description: str
    report: str


def open_report(document: str) -> str:
    """Submit the XML; returns the report's number. Raises `Unanswered`, `Refused`."""
    return _asked("submit", document.encode(), "text/xml; charset=utf-8").report


def finish_report(reference: str) -> None:
    """Close the report: from now on it counts. Raises `Unanswered`, `Refused`."""
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="id"\r\n\r\n'
        f"{reference}\r\n--{BOUNDARY}--\r\n"
    )
    _asked("finish", body.encode(), f"multipart/form-data; boundary={BOUNDARY}")


def _asked(endpoint: str, body: bytes, content_type: str) -> _Answer:
    login = f"{settings.NCMEC_USERNAME}:{settings.NCMEC_PASSWORD}".encode()
    headers = {
        "Authorization": f"Basic {base64.b64encode(login).decode()}",
        "Content-Type": content_type,
    }
    url = f"{settings.NCMEC_URL.rstrip('/')}/{endpoint}"
    try:
        answer = outgoing.post(
            url, body=body, headers=headers, seconds=SECONDS, most_bytes=MOST_BYTES
        )
    except (outgoing.AddressRefused, outgoing.NotReached, outgoing.AnswerTooLarge) as error:
        raise Unanswered(f"{endpoint}: {error}") from error
    return _judged(endpoint, answer)


def _judged(endpoint: str, answer: outgoing.Answer) -> _Answer:
    try:
        root = fromstring(answer.body)
        code = int(root.findtext("responseCode", ""))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Unanswered(f"{endpoint}: status {answer.status} without a response code") from error
    found = _Answer(
        code, root.findtext("responseDescription", ""), root.findtext("reportId", "").strip()
    )
    said = f"{endpoint}: {found.code} {found.description}"
    if found.code in REFUSED:
        raise Refused(said)
    if found.code != 0 or not found.report.isdecimal():
        raise Unanswered(said)
    return found
