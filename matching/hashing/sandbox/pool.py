"""Decoder processes for all threads of one process."""

import logging
import os
import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, Self, TypeVar

from matching.hashing.decode import (
    DEFAULT_LIMITS,
    DecodeLimitExceeded,
    DecodeLimits,
    ImageError,
    ImageUndecodable,
)
from matching.hashing.digest import Digests, digests
from matching.hashing.images import ImageHashes, QueryHashes
from matching.hashing.sandbox.limits import DEFAULT_SANDBOX, SandboxLimits
from matching.hashing.sandbox.process import DecoderDied, DecoderProcess, DecoderUnavailable
from matching.hashing.sandbox.wire import Operation, WireError, decode_frames, decode_image

ATTEMPTS: Final = 2
"""A child may die of something else than the image it holds, so the image gets a second one."""

Hashes = TypeVar("Hashes")

logger = logging.getLogger(__name__)


class DecoderPool:
    """Hashes untrusted images in `size` child processes; every method may be called by any thread.

    Children start at once, in the background, and are replaced when they die, hit a limit or have
    done their share of jobs. A pool inherited through a fork starts children of its own.
    """

    worker = ""  # the program its children run; the usual one

    def __init__(
        self,
        size: int,
        limits: DecodeLimits = DEFAULT_LIMITS,
        sandbox: SandboxLimits = DEFAULT_SANDBOX,
    ) -> None:
        """Start `size` children without waiting for them."""
        self._size = size
        self._limits = limits
        self._sandbox = sandbox
        self._closed = False
        self._children: set[DecoderProcess] = set()
        self._starting = threading.Lock()
        self._idle: queue.LifoQueue[DecoderProcess | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(self._started())
        _pools.add(self)

    @property
    def process_ids(self) -> frozenset[int]:
        """The children of this moment, those about to take over included."""
        return frozenset(child.process_id for child in list(self._children))

    def query(self, data: bytes) -> QueryHashes:
        """`query_image` in a child: raise a subclass of ImageError, or DecoderUnavailable."""
        return self._run(
            Operation.QUERY,
            data,
            lambda reply, known: QueryHashes(digests=known, frames=decode_frames(reply)),
        )

    def register(self, data: bytes) -> ImageHashes:
        """`hash_image` in a child: raise a subclass of ImageError, or DecoderUnavailable."""
        return self._run(Operation.REGISTER, data, decode_image)

    def close(self) -> None:
        """End all children. A job still running raises DecoderUnavailable."""
        with self._starting:
            self._closed = True
        for child in list(self._children):
            self._discard(child)

    def __enter__(self) -> Self:
        """The pool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool."""
        self.close()

    def _run(
        self, operation: Operation, data: bytes, read: Callable[[bytes, Digests], Hashes]
    ) -> Hashes:
        """Have one file hashed; `read` turns the reply and the digests into the result."""
        self._limits.check_bytes(data)
        for _ in range(ATTEMPTS):
            with suppress(DecoderDied), self._borrowed() as child:
                deadline = child.send(operation, data)
                known = digests(data)  # meanwhile the child decodes
                return read(child.receive_reply(deadline), known)
        raise DecodeLimitExceeded("the image ended its decoder process, twice")

    @contextmanager
    def _borrowed(self) -> Iterator[DecoderProcess]:
        """A ready child, taken back unless it died, hit a limit or spoke nonsense."""
        child = self._taken()
        usable = False
        try:
            child.wait_until_ready()
            yield child
            usable = True
        except WireError as error:
            raise ImageUndecodable("the decoder process answered nonsense") from error
        except ImageError as error:
            usable = not isinstance(error, DecodeLimitExceeded)
            raise
        finally:
            self._idle.put(self._relieved(child) if usable else self._replacement(child))
            self._replace_dead()

    def _taken(self) -> DecoderProcess:
        """An idle child that is alive; wait for one if all are busy."""
        try:
            child = self._idle.get(timeout=self._sandbox.wait_seconds)
        except queue.Empty as error:
            raise DecoderUnavailable("all decoder processes are busy") from error
        if child is None or not child.alive:
            child = self._replacement(child)
        if child is None:
            self._idle.put(None)
            raise DecoderUnavailable("no decoder process could be started")
        return child

    def _replace_dead(self) -> None:
        """Give idle children that died their successors now, and not to whoever needs them next.

        The child used last is used next, so that nobody else would look at the others for long.
        """
        if all(child.alive for child in list(self._children)):
            return  # nearly always
        idle: list[DecoderProcess | None] = []
        with suppress(queue.Empty):
            while True:
                idle.append(self._idle.get_nowait())
        for child in reversed(idle):
            is_dead = child is not None and not child.alive
            self._idle.put(self._replacement(child) if is_dead else child)

    def _relieved(self, child: DecoderProcess) -> DecoderProcess | None:
        """The child, or its successor once that is ready: nobody waits for a planned change."""
        if not child.worn:
            return child
        if child.successor is None:
            child.successor = self._started()
        if child.successor is None or not child.successor.ready:
            return child
        return self._replacement(child)

    def _replacement(self, child: DecoderProcess | None) -> DecoderProcess | None:
        """End `child`; its successor, or a new child, or None if none can be started."""
        successor = None
        if child is not None:
            successor, child.successor = child.successor, None
            self._discard(child)
        return successor or self._started()

    def _started(self) -> DecoderProcess | None:
        """A new child that is still importing; None if the system or a closed pool refuses."""
        with self._starting:
            if self._closed:
                return None
            try:
                child = DecoderProcess(self._limits, self._sandbox, self.worker)
            except DecoderUnavailable:
                logger.exception("no decoder process could be started")
                return None
            self._children.add(child)
            return child

    def _discard(self, child: DecoderProcess) -> None:
        self._children.discard(child)
        child.close()

    def _start_over(self) -> None:
        """In a forked process: leave the parent's children alone; own ones start when needed."""
        for child in self._children:
            child.abandon()
        self._children = set()
        self._starting = threading.Lock()
        self._idle = _idle_places(self._size)


def _idle_places(size: int) -> queue.LifoQueue[DecoderProcess | None]:
    """Places without a child yet; the child used last, and warm, is used next."""
    places: queue.LifoQueue[DecoderProcess | None] = queue.LifoQueue()
    for _ in range(size):
        places.put(None)
    return places


def _start_over_after_fork() -> None:
    for pool in _pools:
        pool._start_over()


_pools: "weakref.WeakSet[DecoderPool]" = weakref.WeakSet()
os.register_at_fork(after_in_child=_start_over_after_fork)
