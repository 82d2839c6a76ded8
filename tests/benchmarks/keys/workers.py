"""Connections to each web process of a service."""

from __future__ import annotations

from contextlib import suppress

import psutil

from tests.benchmarks.installation import Installation
from tests.benchmarks.keys.office import Caller, Office
from tests.benchmarks.processes import Part, processes

MOST_TRIED = 500


def callers_of_every_process(
    installed: Installation, office: Office, *, each: int = 2
) -> dict[Caller, int]:
    """At least `each` connections to every web process, with the process's id.

    Whichever process is idle takes a connection, so they are opened until all have enough.
    """
    serving = {process.pid for part, process in processes(installed) if part is Part.WEB}
    found: dict[Caller, int] = {}
    for _ in range(MOST_TRIED):
        caller = Caller(office.port)
        caller.ask(office.keeper)
        pid = _process_at(serving, office.port, caller.local_port)
        if sum(1 for known in found.values() if known == pid) < each:
            found[caller] = pid
        else:
            caller.close()
        if len(found) == each * len(serving):
            return found
    raise TimeoutError(f"only {sorted(set(found.values()))} of {sorted(serving)} took connections")


def _process_at(serving: set[int], port: int, caller: int) -> int:
    """Which of the processes holds the service's end of a caller's connection."""
    for pid in serving:
        with suppress(psutil.NoSuchProcess):
            for connection in psutil.Process(pid).net_connections("tcp"):
                if (connection.laddr.port, connection.raddr and connection.raddr.port) == (
                    port,
                    caller,
                ):
                    return pid
    raise LookupError(f"nobody serves the connection from port {caller}")
