"""Commands to Redis whose answers nobody waits for."""

from __future__ import annotations

import threading
from typing import Any

from redis import ConnectionPool, RedisError


class Sender:
    """A connection of its own on which the server is told not to answer.

    A command costs one write to a socket. What a server that dies had not read yet is lost.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._connection: Any = None  # redis-py leaves connections untyped

    def send(self, *command: Any) -> None:
        """Send one command. Raises `redis.RedisError` when it can not be sent."""
        with self._lock:
            connection = self._connection or self._connected()
            self._connection = None
            try:
                connection.send_command(*command, check_health=False)
            except BaseException:
                connection.disconnect()
                raise
            self._connection = connection

    def close(self) -> None:
        """Hang up; a later command connects anew."""
        with self._lock:
            if self._connection is not None:
                self._connection.disconnect()
            self._connection = None

    def _connected(self) -> Any:
        connection: Any = self._pool.make_connection()
        try:
            connection.connect()
            connection.send_command("CLIENT", "REPLY", "OFF", check_health=False)
        except RedisError:
            connection.disconnect()
            raise
        return connection
