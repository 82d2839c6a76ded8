"""Deliver what is due: tries run side by side in threads, all rows are written by one."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Final

from django.utils import timezone

from tenants import outgoing
from tenants.webhooks.claims import Claim, claim
from tenants.webhooks.outcome import settle
from tenants.webhooks.sending import Post, Try, send

SLOTS: Final = 32
LOOK_AGAIN_SECONDS: Final = 0.25

Clock = Callable[[], datetime.datetime]


def deliver_due(
    *,
    post: Post = outgoing.post,
    clock: Clock = timezone.now,
    slots: int = SLOTS,
    seconds: float = 50.0,
) -> int:
    """Try everything that is due, until nothing is; tells how many tries were made.

    After `seconds` nothing new is begun. Several processes may do this at once. Whoever is killed
    meanwhile leaves leases that end: what was tried and not written down is told again, under the
    same `webhook-id`.
    """
    round_ = _Round(partial(send, post=post, clock=clock), clock, slots)
    with ThreadPoolExecutor(slots, thread_name_prefix="courier") as threads:
        end = time.monotonic() + seconds
        while True:
            if time.monotonic() < end:
                round_.begin(threads)
            if not round_.running:
                return round_.tries
            round_.settle_finished()


class _Round:
    """The tries that are running."""

    def __init__(self, send_one: Callable[[Claim], Try], clock: Clock, slots: int) -> None:
        self._send, self._clock, self._slots = send_one, clock, slots
        self.running: dict[Future[Try], Claim] = {}
        self.tries = 0

    def begin(self, threads: ThreadPoolExecutor) -> None:
        """Claim as many deliveries as there are free threads; failing hosts get half of them."""
        free = self._slots - len(self.running)
        failing = sum(claimed.is_failing for claimed in self.running.values())
        if not free:
            return
        failing_slots = max(0, min(free, self._slots // 2 - failing))
        for claimed in claim(slots=free, failing_slots=failing_slots, now=self._clock()):
            self.running[threads.submit(self._send, claimed)] = claimed

    def settle_finished(self) -> None:
        """Write down what has ended; look again soon, for new events do not wait for slow hosts."""
        finished, _ = wait(self.running, LOOK_AGAIN_SECONDS, FIRST_COMPLETED)
        for future in finished:
            self.tries += settle(self.running.pop(future), future.result())
