"""Who is killed, how, and when: spread over the trial by the number of answers."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from hashservice.supervisor import answers
from tests.benchmarks.installation import Installation
from tests.benchmarks.mixed.clients import Clients
from tests.benchmarks.processes import Part, processes

# How PostgreSQL is ended, in turn: the server at once, the server by "immediate" shutdown, and one
# of its children, after which it recovers as from a crash.
ENDINGS = ((True, signal.SIGKILL), (True, signal.SIGQUIT), (False, signal.SIGKILL))
RECOVERY_SECONDS = 1_200.0


def kill_while_asking(
    installed: Installation, clients: Clients, *, times: Mapping[Part, int]
) -> Counter[str]:
    """Kill each part so many times while the clients ask; returns what was killed."""
    parts = [part for part, count in times.items() for _ in range(count)]
    random.Random(7).shuffle(parts)
    endings, killed = itertools.cycle(ENDINGS), Counter[str]()
    for turn, part in enumerate(parts, start=1):
        while clients.are_asking() and clients.progress() < turn / (len(parts) + 1):
            time.sleep(0.1)
        leads, number = next(endings) if part is Part.POSTGRES else (True, signal.SIGKILL)
        killed[f"{part.value} ({signal.Signals(number).name})"] += end(
            installed, part, leads=leads, number=number
        )
        wait_until_ready(installed)
        tell(f"{clients.answered} answered, {part.value} killed, lost so far: {lost(clients)}")
    return killed


def end(installed: Installation, part: Part, *, leads: bool, number: signal.Signals) -> bool:
    """Signal a process of the part: one that `leads`, or one that such a process started."""
    found = {each.pid: each.info["ppid"] for of, each in processes(installed) if of is part}
    chosen = [pid for pid, parent in found.items() if (parent not in found) is leads]
    with suppress(ProcessLookupError, IndexError):
        os.kill(random.choice(chosen), number)
        return True
    return False


def wait_until_ready(installed: Installation) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not answers("127.0.0.1", installed.port, "/readyz"):
        if time.monotonic() > deadline:
            raise TimeoutError("the service did not recover")
        time.sleep(0.2)


def lost(clients: Clients) -> int:
    return clients.by_status()["no answer"]


def tell(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()
