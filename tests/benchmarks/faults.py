"""What goes wrong in the trials: processes killed for real, a broker that forgets everything."""

from __future__ import annotations

import signal
from contextlib import suppress

import psutil  # type: ignore[import-untyped]
import psycopg
import redis

from tests.benchmarks.installation import Installation
from tests.benchmarks.processes import Part, processes

NO_DATABASE = (psycopg.OperationalError, psycopg.InterfaceError)


def kill(installed: Installation, part: Part) -> int:
    """kill -9 of every process of a part; how many there were. Whoever keeps them starts anew."""
    killed = 0
    for found, process in list(processes(installed)):
        if found is part:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
                killed += 1
    return killed


def kill_one(installed: Installation, part: Part) -> int:
    """kill -9 of the newest process of a part: a child, where it has children."""
    found = [process for of, process in processes(installed) if of is part]
    newest = max(found, key=lambda process: float(process.create_time()), default=None)
    if newest is None:
        return 0
    newest.send_signal(signal.SIGKILL)
    return 1


def wipe_broker(installed: Installation) -> int:
    """FLUSHALL: every message, lock and counter is gone."""
    with redis.Redis.from_url(installed.environment()["REDIS_URL"]) as server:
        server.flushall()
    return 1


def kill_broker(installed: Installation) -> int:
    """kill -9 of Valkey; its keeper starts it again."""
    return kill(installed, Part.VALKEY)
