"""How the pages of an exchange are asked for, and what a page says of the next one.

A cursor is what is kept between two pages, and between two polls: after a page `done` tells which.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings
from django.utils import timezone

from matching.importers.formats import Format
from matching.importers.ncmec import NcmecXml
from matching.importers.stopncii import StopNciiJson
from matching.models import ExchangeKind

BEGINNING: Final = "2000-01-01T00:00:00Z"
OVERLAP: Final = timedelta(minutes=10)  # their clock and ours may differ; repeats do no harm
PAGE_SIZE: Final = 1000

Cursor = dict[str, Any]


class PageRefused(Exception):
    """What a page says of the next one can not be followed."""


@dataclass(frozen=True, slots=True)
class Request:
    """Where to get a page, with which headers, and in which format it comes."""

    url: str
    headers: dict[str, str]
    format: str


class Pages(Protocol):
    """One kind of exchange."""

    format: str

    def request(self, cursor: Cursor) -> Request:
        """How to get the page at `cursor`; an empty one is the beginning of all."""

    def reader(self) -> Format:
        """A new reader for one page."""

    def after(self, cursor: Cursor, reader: Any) -> tuple[Cursor, bool]:
        """The next cursor, and whether that was the last page. Raises PageRefused."""


class NcmecPages:
    """`/v2/entries?from=&to=`, followed along `paging/next`; HTTP Basic."""

    format = "ncmec"

    def request(self, cursor: Cursor) -> Request:
        login = f"{settings.EXCHANGE_NCMEC_USERNAME}:{settings.EXCHANGE_NCMEC_PASSWORD}"
        headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
        base = settings.EXCHANGE_NCMEC_URL.rstrip("/")
        period = {"from": cursor.get("from", BEGINNING), "to": _until(cursor)}
        path = cursor.get("next") or f"/v2/entries?{urlencode(period)}"
        return Request(_below(base, path), headers, "application/xml")

    def reader(self) -> Format:
        return NcmecXml()

    def after(self, cursor: Cursor, reader: Any) -> tuple[Cursor, bool]:
        until = _until(cursor)
        if reader.next_page:
            if reader.next_page == cursor.get("next"):
                raise PageRefused("a page names itself as the next one")
            _below(settings.EXCHANGE_NCMEC_URL, reader.next_page)
            return {**cursor, "to": until, "next": reader.next_page}, False
        began = datetime.fromisoformat(until) - OVERLAP
        return {"from": began.isoformat(timespec="seconds")}, True


class StopNciiPages:
    """`FetchHashes`, followed by token and then by time; two keys in headers."""

    format = "stopncii"

    def request(self, cursor: Cursor) -> Request:
        asked = {"startTimestamp": 0, "pageSize": PAGE_SIZE, **cursor}
        base = settings.EXCHANGE_STOPNCII_URL.rstrip("/")
        headers = {
            "Ocp-Apim-Subscription-Key": settings.EXCHANGE_STOPNCII_KEY,
            "x-functions-key": settings.EXCHANGE_STOPNCII_FUNCTION_KEY,
        }
        return Request(f"{base}/FetchHashes?{urlencode(asked)}", headers, "application/json")

    def reader(self) -> Format:
        return StopNciiJson()

    def after(self, cursor: Cursor, reader: Any) -> tuple[Cursor, bool]:
        paging = reader.paging
        token, newest = paging.get("nextPageToken"), paging.get("nextSetTimestamp")
        start = cursor.get("startTimestamp", 0)
        if not paging.get("hasMoreRecords"):
            return {"startTimestamp": newest if isinstance(newest, int) else start}, True
        following = {"startTimestamp": start, "nextPageToken": token}
        if not isinstance(token, str) or not token:
            following = {"startTimestamp": newest}
        if following == cursor or following["startTimestamp"] is None:
            raise PageRefused("there is more, but no way to it")
        return following, False


PAGES: Final[dict[str, Pages]] = {
    ExchangeKind.NCMEC: NcmecPages(),
    ExchangeKind.STOPNCII: StopNciiPages(),
}


def _until(cursor: Cursor) -> str:
    return str(cursor.get("to") or timezone.now().isoformat(timespec="seconds"))


def _below(base: str, path: str) -> str:
    """`path` as an address of the same host. Our login goes along: else PageRefused."""
    url = urljoin(f"{base}/", path)
    if urlsplit(url)[:2] != urlsplit(base)[:2]:
        raise PageRefused("a page names another host as the next one")
    return url
