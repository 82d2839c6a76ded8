"""Images by address: fetched by the guard of `tenants.outgoing`, for tenants whose plan has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings

from matching.hashing import ImageTooLarge, UnsupportedMediaType
from tenants import outgoing
from tenants.models import Tenant

FETCH_SECONDS: Final = 10.0
WAIT_SECONDS: Final = 1.0
ACCEPT: Final = "image/*, application/octet-stream;q=0.5"
UNTYPED: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
# Requests of this process that wait for other people's servers; the rest stay free for images.
MOST_AT_ONCE: Final = 2

_slots = threading.BoundedSemaphore(MOST_AT_ONCE)


class UrlsNotIncluded(Exception):
    """The tenant's plan does not have images fetched."""


class UrlNotFetched(Exception):
    """No image came from the address: nothing was checked. Why is not told, nor what came."""


class FetcherBusy(Exception):
    """As many images are being fetched as this process fetches at once."""


def fetch_image(*, tenant: Tenant, url: str) -> bytes:
    """The bytes that `url` answers with, at most MAX_IMAGE_BYTES.

    Raises UrlsNotIncluded, outgoing.AddressRefused, UrlNotFetched, FetcherBusy; ImageTooLarge and
    UnsupportedMediaType by what the answer says of itself.
    """
    if not tenant.plan.url_matching:
        raise UrlsNotIncluded("the plan does not include images by address; send the bytes")
    with _slot():
        answer = _fetched(url)
    if answer.status != 200 or not answer.body:
        raise UrlNotFetched("the address did not answer with an image")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in UNTYPED and not media_type.startswith("image/"):
        raise UnsupportedMediaType("the address answered with something that is no image")
    return answer.body


def _fetched(url: str) -> outgoing.Answer:
    most = settings.MAX_IMAGE_BYTES
    try:
        return outgoing.fetch(url, most_bytes=most, seconds=FETCH_SECONDS, accept=ACCEPT)
    except outgoing.NotReached as error:
        raise UrlNotFetched("the address did not answer with an image") from error
    except outgoing.AnswerTooLarge as error:
        raise ImageTooLarge(f"at most {most} bytes are fetched") from error


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise FetcherBusy
    try:
        yield
    finally:
        _slots.release()
