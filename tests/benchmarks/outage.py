"""Limits while Valkey dies or hangs: `python -m tests.benchmarks.outage`.

A tenant asks as fast as it gets answers, over several web processes. Valkey is killed, or stopped
and continued, in the middle. Told are the slowest answer, what was admitted against what the limit
allows for the time, and how long after its return Valkey is used again. Every answer must be a
verdict or a 429.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.load import Call, connect, digest_call, exchange

CONNECTIONS = 8
BEFORE_SECONDS, AWAY_SECONDS, AFTER_SECONDS = 5.0, 10.0, 12.0
BURST, A_MINUTE = 200, 1_200  # of the plan `starter`
CHECKED = {200, 429}


@dataclass
class History:
    """Every answer: when it came, how long it took, its status."""

    answers: list[tuple[float, float, int]] = field(default_factory=list)
    ended: bool = False

    def ask(self, port: int, call: Call) -> None:
        connection = connect(port)
        while not self.ended:
            start = time.monotonic()
            status, _ = exchange(connection, call.request)
            end = time.monotonic()
            self.answers.append((end, end - start, status))
        connection.close()

    def between(self, start: float, end: float) -> list[tuple[float, int]]:
        return [(took, status) for at, took, status in self.answers if start <= at < end]


def valkey(installed: Installation) -> psutil.Process:
    folder = str(installed.server_folder("valkey"))
    found = (
        process
        for process in psutil.process_iter(["cmdline"])
        if any(folder in word for word in process.info["cmdline"] or ())
        and "unixsocket" in " ".join(process.info["cmdline"])
    )
    return next(found)


def scripts_run(url: str) -> int:
    """How often the limiter's script ran; -1 while the server does not say."""
    try:
        with redis.Redis.from_url(url, socket_timeout=0.2) as server:
            figures = server.info("commandstats")
    except redis.RedisError:
        return -1
    return int(figures.get("cmdstat_evalsha", {}).get("calls", 0))


def seconds_until_used(url: str) -> float:
    """From now until the limiter asks again."""
    began = time.monotonic()
    while (first := scripts_run(url)) < 0:
        time.sleep(0.02)
    while scripts_run(url) <= first:
        time.sleep(0.02)
    return time.monotonic() - began


def trial(installed: Installation, secret: str, fault: str) -> None:
    url = installed.environment()["REDIS_URL"]
    history, call = History(), digest_call(secret)
    threads = [
        threading.Thread(target=history.ask, args=(installed.port, call))
        for _ in range(CONNECTIONS)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(BEFORE_SECONDS)
    server, struck = valkey(installed), time.monotonic()
    back = FAULTS[fault](server)
    used_after = seconds_until_used(url)
    returned = time.monotonic() - used_after if back is None else back
    time.sleep(AFTER_SECONDS)
    history.ended = True
    for thread in threads:
        thread.join()
    report(fault, history, began, struck, returned, used_after)


def report(
    fault: str, history: History, began: float, struck: float, returned: float, used: float
) -> None:
    ended = time.monotonic()
    allowed = BURST + (ended - began) * A_MINUTE / 60
    statuses = Counter(status for _, _, status in history.answers)
    usual = max(took for took, _ in history.between(began + 1, struck))
    slowest = max(took for took, _ in history.between(struck, returned + 1))
    away = [took for took, _ in history.between(struck + 0.5, returned)] or [0.0]
    print(
        f"{fault}: {statuses[200]} admitted of {allowed:.0f} allowed in {ended - began:.1f} s"
        f" ({statuses[200] / allowed:.2f} N); others {statuses[429]} times 429,"
        f" {sum(n for status, n in statuses.items() if status not in CHECKED)} anything else;"
        f" slowest answer {usual * 1000:.0f} ms before, {slowest * 1000:.0f} ms in the outage,"
        f" median {sorted(away)[len(away) // 2] * 1000:.1f} ms;"
        f" used again {used:.1f} s after its return",
        flush=True,
    )


def kill(server: psutil.Process) -> None:
    """Its keeper starts it anew."""
    server.send_signal(signal.SIGKILL)


def hang(server: psutil.Process) -> float:
    server.send_signal(signal.SIGSTOP)
    time.sleep(AWAY_SECONDS)
    server.send_signal(signal.SIGCONT)
    return time.monotonic()


def empty(server: psutil.Process) -> None:
    """Killed, and with nothing of what it knew."""
    folder = Path(server.cwd())
    server.send_signal(signal.SIGKILL)
    for path in folder.rglob("*"):
        if path.suffix in {".aof", ".rdb", ".manifest"}:
            path.unlink()


FAULTS: dict[str, Callable[[psutil.Process], float | None]] = {
    "killed": kill,
    "hung": hang,
    "emptied": empty,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--faults", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    arguments = parser.parse_args()
    with installation(workers=arguments.workers) as installed, installed.serving():
        for fault in arguments.faults:
            made = installed.run(
                "manage", "create_tenant", f"Outage {fault}", "--plan", "starter", "--json"
            )
            trial(installed, json.loads(made)["secret"], fault)


if __name__ == "__main__":
    main()
