"""Events at a steady rate, until told to end: `python -m tests.benchmarks.audit.writing RATE`.

A process of its own; ends when its standard input does, and prints how many it wrote.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import tests.benchmarks.configured  # noqa: F401 models need it
from tenants.acting import SERVICE, acting_as
from tenants.audit.record import Actor, record
from tenants.models import Tenant

CONNECTIONS = 4
WRITER = Actor.system("benchmark")


def main(rate: float) -> None:
    ended, turns, pause = threading.Event(), itertools.count(), CONNECTIONS / rate

    def write() -> None:
        with acting_as(SERVICE):
            tenant, due = Tenant.objects.latest("pk"), time.monotonic()
            while not ended.is_set():
                record(action="key.read", actor=WRITER, tenant=tenant)
                next(turns)
                due += pause
                time.sleep(max(0.0, due - time.monotonic()))

    threads = [threading.Thread(target=write) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    sys.stdout.write("writing\n")
    sys.stdout.flush()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{next(turns)}\n")


@contextmanager
def writing(rate: float) -> Iterator[list[int]]:
    """Somebody else writes for a block; afterwards the list holds how many events it was."""
    program = [sys.executable, "-m", "tests.benchmarks.audit.writing", str(rate)]
    written: list[int] = []
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        try:
            yield written
        finally:
            told, _ = process.communicate()
            written.append(int(told))


if __name__ == "__main__":
    main(float(sys.argv[1]))
