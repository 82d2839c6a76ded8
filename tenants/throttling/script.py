"""A Lua script on Redis or Valkey, called with little ado.

Around the same call redis-py takes several times as long as the server does, for retries, events
and measurements that a limiter in front of every request has no use for.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from redis import ConnectionPool, RedisError
from redis.exceptions import NoScriptError

Word = str | float


class Script:
    """`script(keys=…, args=…)`; any number of threads at once, each on a connection of its own."""

    def __init__(self, pool: ConnectionPool, text: str) -> None:
        """`pool` tells how to connect; its own connections stay untouched."""
        self._pool = pool
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self._start_over()

    def __call__(self, *, keys: Sequence[str], args: Sequence[Word]) -> Any:
        """What the script returns, texts as bytes.

        Raises `redis.RedisError` when it can not be had in time.
        """
        words = (len(keys), *keys, *args)
        connection = self._taken()
        try:
            answer = self._answered(connection, words)
        except BaseException:
            connection.disconnect()  # one that failed is not used again
            raise
        self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Hang up; a later call connects anew."""
        while self._idle:
            self._idle.pop().disconnect()

    def _answered(self, connection: Any, words: Sequence[Word]) -> Any:
        try:
            return _answer(connection, ("EVALSHA", self._sha, *words))
        except NoScriptError:
            return _answer(connection, ("EVAL", self._text, *words))

    def _start_over(self) -> None:
        self._process = os.getpid()
        self._idle: deque[Any] = deque()  # redis-py leaves connections untyped

    def _taken(self) -> Any:
        """A connection on which nothing is under way, and which the server has not closed."""
        if self._process != os.getpid():
            self._start_over()  # after a fork they are the parent's
        while self._idle:
            try:
                idle = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if _is_silent(idle):
                return idle
            idle.disconnect()
        connection: Any = self._pool.make_connection()
        connection.connect()
        return connection


def _answer(connection: Any, words: Iterable[Word]) -> Any:
    connection.send_packed_command([_packed(words)], check_health=False)
    return connection.read_response()


def _packed(words: Iterable[Word]) -> bytes:
    """A command in the protocol's one form, an array of strings of known lengths."""
    encoded = [str(word).encode() for word in words]
    parts = [b"*%d\r\n" % len(encoded)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded]
    return b"".join(parts)


def _is_silent(connection: Any) -> bool:
    """Whether nothing is there to be read: neither the end, nor an answer that came too late."""
    try:
        return not connection.can_read()
    except (RedisError, OSError):
        return False
