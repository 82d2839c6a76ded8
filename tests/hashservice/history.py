"""Clients that submit known pictures without a pause, and remember everything that came back."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

TIMEOUT_SECONDS = 30
CLIENTS = 3
RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt under a name of its own; `status` is None when no answer came."""

    content_id: str
    started: float
    ended: float
    status: int | None
    body: dict[str, str]


class Clients:
    """Each has a connection of its own, and a new one after every failure."""

    def __init__(self, port: int, secret: str, pictures: Sequence[bytes]) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
        self._pictures = pictures
        self._ended = threading.Event()
        self.history: list[Answer] = []

    @contextmanager
    def submitting(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._submit, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def acknowledged(self) -> list[Answer]:
        return [answer for answer in self.history if answer.status == 200]

    def _submit(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        number = 0
        while not self._ended.is_set():
            number += 1
            picture = self._pictures[number % len(self._pictures)]
            answer = self._ask(connection, f"{client}-{number}", picture)
            self.history.append(answer)
            if answer.status != 200:
                self._ended.wait(RETRY_SECONDS)
        connection.close()

    def _ask(
        self, connection: http.client.HTTPConnection, content_id: str, picture: bytes
    ) -> Answer:
        started, status, body = time.monotonic(), None, {}
        try:
            path = f"/v1/match?content_id={content_id}"
            connection.request("POST", path, body=picture, headers=self._headers)
            response = connection.getresponse()
            status, body = response.status, json.load(response)
        except (OSError, http.client.HTTPException):
            status = None
            connection.close()
        return Answer(content_id, started, time.monotonic(), status, body)
