"""Images on their way through the decoders: several at a time, and only so many bytes of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from django.conf import settings

from matching.batches.leases import HEARTBEAT_SECONDS
from matching.decoding import decoders, partial_decoders
from matching.hashing import ImageError
from matching.match import AskedImage, HashItem

WORKERS_A_BATCH: Final = 2
MOST_BYTES: Final = 32 << 20
"""Of images that wait in memory; one that is larger by itself waits alone."""

Error = dict[str, str]
Asked = AskedImage | HashItem | Error


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that is not hashed yet."""

    content_id: str
    data: bytes


class Hashing:
    """Has images hashed in the order in which they come, whichever lot they are of.

    For one thread. Decoders are processes: a thread each keeps as many of them at work as this
    worker has cores, of which those at the same batch have equal shares. More only take the caches
    from each other.
    """

    def __init__(self, *, enhance: bool) -> None:
        self._enhance = enhance
        self._threads = ThreadPoolExecutor(_share_of_decoders())
        self._sizes: dict[Future[Asked], int] = {}  # of those that may still be under way
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What nobody waits for any more is not begun."""
        self._threads.shutdown(cancel_futures=True)

    def begin(
        self, one: Picture | HashItem | Error, *, meanwhile: Callable[[], None]
    ) -> Future[Asked]:
        """The item as it will be; at once unless too much waits already."""
        if not isinstance(one, Picture):
            done: Future[Asked] = Future()
            done.set_result(one)
            return done
        self._make_room(len(one.data), meanwhile)
        begun = self._threads.submit(_hashed, one, enhance=self._enhance)
        self._sizes[begun] = len(one.data)
        self._bytes += len(one.data)
        return begun

    def wait_for(self, begun: Sequence[Future[Asked]], *, meanwhile: Callable[[], None]) -> None:
        """Until all of them are done; `meanwhile` is called every few seconds, and may raise."""
        meanwhile()
        while wait(begun, timeout=HEARTBEAT_SECONDS).not_done:
            meanwhile()

    def _make_room(self, size: int, meanwhile: Callable[[], None]) -> None:
        while self._sizes and self._bytes + size > MOST_BYTES:
            wait(self._sizes, timeout=HEARTBEAT_SECONDS, return_when=FIRST_COMPLETED)
            meanwhile()
            self._sizes = {one: size for one, size in self._sizes.items() if not one.done()}
            self._bytes = sum(self._sizes.values())


def _share_of_decoders() -> int:
    cores = (os.cpu_count() or 1) // WORKERS_A_BATCH
    return max(1, min(settings.DECODER_PROCESSES, cores))


def error_of(name: str, text: str) -> Error:
    return {"name": name, "text": text}


def _hashed(one: Picture, *, enhance: bool) -> Asked:
    """Touches no database: it runs in a thread of its own."""
    try:
        parts = partial_decoders().extract(one.data) if enhance else None
        return AskedImage(one.content_id, decoders().query(one.data), len(one.data), parts)
    except ImageError as error:
        return error_of(type(error).__name__, str(error))
