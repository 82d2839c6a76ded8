"""The partial stage: parts of listed pictures, at some 200 ms of a processor for each picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOST_AT_ONCE: Final = 3
"""A web process has four threads: one of them is always left to look-ups that take 5 ms."""

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


class PartialBusy(Exception):
    """As many partial searches as may are running or waiting in this process."""


@contextmanager
def partial_stage(*, wanted: bool) -> Iterator[None]:
    """Hold one of the places of the stage, if it is wanted. Raises PartialBusy, at once."""
    if not wanted:
        yield
        return
    if not _places.acquire(blocking=False):
        raise PartialBusy("too many images are being searched for parts; come back soon")
    try:
        yield
    finally:
        _places.release()
