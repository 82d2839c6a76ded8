"""Clients that ask until they are answered, and write down every attempt."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass

from tests.benchmarks.mixed.asks import Ask, Asks

CLIENTS = 10
TIMEOUT_SECONDS = 60
PAUSE_SECONDS = 0.25
SECONDS_BETWEEN_STRANGERS = 8.0
UNAVAILABLE = 503
STILL_RUNNING = 409  # of a call with an `Idempotency-Key`, while its first attempt goes on
NAME = "mixed/"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a request was sent. Without a status the answer was lost."""

    number: int
    name: str
    ask: Ask
    status: int | None = None
    request_id: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the client has what it asked for; else it asks again."""
        return self.status not in (None, UNAVAILABLE) and not self._waits_for_another

    @property
    def _waits_for_another(self) -> bool:
        return self.ask.once and self.status == STILL_RUNNING


class Clients:
    """Ask `wanted` requests in all, from several threads, and some more that bear no good key.

    No new one is begun after `seconds`; every one that was begun is answered.
    """

    def __init__(self, port: int, asks: Asks, *, wanted: int, seconds: float) -> None:
        self._port, self._asks, self._wanted, self._seconds = port, asks, wanted, seconds
        self._numbers, self._answers = itertools.count(), itertools.count()
        self._ended = threading.Event()
        self.attempts: list[Attempt] = []
        self.answered = 0

    def start(self) -> None:
        self._began = time.monotonic()
        self._threads = [
            threading.Thread(target=self._ask_all, daemon=True) for _ in range(CLIENTS)
        ]
        self._stranger = threading.Thread(target=self._ask_as_nobody, daemon=True)
        for thread in (*self._threads, self._stranger):
            thread.start()

    def progress(self) -> float:
        """How much of it is over, from 0 to 1."""
        over = (time.monotonic() - self._began) / self._seconds
        return max(self.answered / self._wanted, over)

    def are_asking(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()
        self._ended.set()
        self._stranger.join()

    def by_status(self) -> Counter[str]:
        return Counter(str(attempt.status or "no answer") for attempt in self.attempts)

    def _ask_all(self) -> None:
        connection = self._connection()
        while self.progress() < 1 and (number := next(self._numbers)) < self._wanted:
            self._ask(connection, number, self._asks.make(number))
            self.answered = next(self._answers) + 1
        connection.close()

    def _ask_as_nobody(self) -> None:
        connection = self._connection()
        for number in itertools.count(self._wanted):
            self._ask(connection, number, self._asks.of_nobody(number))
            if self._ended.wait(SECONDS_BETWEEN_STRANGERS):
                break
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, number: int, ask: Ask) -> None:
        """Once more after every failure, until it is answered."""
        for turn in itertools.count():
            attempt = self._attempt(connection, number, turn, ask)
            self.attempts.append(attempt)
            if attempt.is_final:
                return
            time.sleep(PAUSE_SECONDS)

    def _attempt(
        self, connection: http.client.HTTPConnection, number: int, turn: int, ask: Ask
    ) -> Attempt:
        name = f"{NAME}{number}.{turn}"
        headers = ask.headers(name=name, key=f"{NAME}{number}")
        wait_until_connected(connection)
        try:
            connection.request(ask.method, ask.path, ask.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # it connects anew by itself
            return Attempt(number, name, ask)
        self._asks.learn(ask, answer.status, body)
        return Attempt(number, name, ask, answer.status, answer.headers["X-Request-Id"])

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)


def wait_until_connected(connection: http.client.HTTPConnection) -> None:
    """While nobody listens nothing is sent, which is no attempt."""
    while connection.sock is None:
        try:
            connection.connect()
        except OSError:
            time.sleep(PAUSE_SECONDS)
