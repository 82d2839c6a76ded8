"""Mixed requests while processes are killed: has every answer exactly one audit event?

    python -m tests.benchmarks.mixed --requests 100000

Held against the database by request id. Not counted as missing: answers 503 (where an event can not
be written the answer is that) and refusals of nobody's calls, which a flood of are told by number.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import count

from hashservice.demo.copies import rendered_pictures
from hashservice.supervisor import answers
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.processes import Part, processes

KILLED = (Part.WEB, Part.WORKER, Part.COURIER, Part.SEALER, Part.POSTGRES)
CLIENTS = 6
TIMEOUT_SECONDS = 30
EVENTS = "SELECT request_id, count(*) FROM tenants_auditevent GROUP BY request_id"
SEQUENCES = """
    SELECT count(*) FROM (
        SELECT count(*) AS events, max(sequence) + 1 AS size
          FROM tenants_auditseal GROUP BY tenant_id) AS log
     WHERE events <> size
"""
HASHES = json.dumps({"items": [{"md5": "d41d8cd98f00b204e9800998ecf8427e"}] * 3}).encode()
JSON, JPEG = "application/json", "image/jpeg"


class Asking:
    """Clients that ask `wanted` times in all; `told` holds the status of every answered request."""

    def __init__(self, port: int, secret: str, wanted: int) -> None:
        self._port, self._wanted, self._numbers = port, wanted, count()
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._pictures = rendered_pictures().known
        self.told: dict[str, int] = {}
        self.unanswered = 0

    def run(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        while (number := next(self._numbers)) < self._wanted:
            try:
                connection.request(*self._request(number))
                answer = connection.getresponse()
                answer.read()
                self.told[answer.headers["X-Request-Id"]] = answer.status
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                connection.close()
                time.sleep(0.05)
        connection.close()

    def _request(self, number: int) -> tuple[str, str, bytes | None, dict[str, str]]:
        picture = self._pictures[number % len(self._pictures)]
        kinds: Sequence[tuple[str, str, bytes | None, str]] = (
            ("POST", "/v1/match", picture, JPEG),
            ("POST", "/v1/match/hashes", HASHES, JSON),
            ("POST", "/v1/match", b"no image", JPEG),
            ("GET", "/v1/submissions/sub_unknown", None, JSON),
            ("GET", "/v1/usage", None, JSON),
            ("GET", "/v1/audit/events?limit=1", None, JSON),
            ("DELETE", "/v1/usage", None, JSON),
        )
        method, path, body, kind = kinds[number % len(kinds)]
        return method, path, body, {**self._headers, "Content-Type": kind}


def measure(wanted: int, seconds_between_kills: float) -> None:
    with installation(workers=2) as installed:
        secret = installed.run("tests.hashservice.installed_cast").strip()
        with installed.serving():
            asking = Asking(installed.port, secret, wanted)
            threads = asking.run()
            kills = kill_until_done(installed, threads, seconds_between_kills)
            wait_until_sealed(installed)
            tell(asking, kills, installed)


def kill_until_done(
    installed: Installation, threads: Sequence[threading.Thread], seconds: float
) -> Counter[str]:
    """Kill one process after another, each once the service is ready again."""
    kills, rng = Counter[str](), random.Random(7)
    while any(thread.is_alive() for thread in threads):
        time.sleep(seconds)
        part = rng.choice(KILLED)
        if pids := [each.pid for of, each in processes(installed) if of is part]:
            os.kill(rng.choice(pids), signal.SIGKILL)
            kills[part.value] += 1
        while not answers("127.0.0.1", installed.port, "/readyz"):
            time.sleep(0.2)
    return kills


def wait_until_sealed(installed: Installation) -> None:
    unsealed = "SELECT count(*) FROM tenants_auditevent e LEFT JOIN tenants_auditseal s"
    unsealed += " ON s.event_id = e.id WHERE s.id IS NULL"
    with installed.rows() as connection:
        while connection.execute(unsealed).fetchone() != (0,):
            time.sleep(0.5)
            connection.rollback()


def tell(asking: Asking, kills: Counter[str], installed: Installation) -> None:
    with installed.rows() as connection:
        events = dict(connection.execute(EVENTS).fetchall())
        gaps = connection.execute(SEQUENCES).fetchone()
    known = {name: status for name, status in asking.told.items() if status != 503}
    missing = [name for name in known if name not in events]
    doubled = [name for name, times in events.items() if name and times > 1]
    print(f"answered {len(asking.told)}, unanswered {asking.unanswered}, killed {dict(kills)}")
    print(f"by status {dict(sorted(Counter(asking.told.values()).items()))}")
    print(f"events missing {len(missing)}, doubled {len(doubled)}, logs with gaps {gaps}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seconds-between-kills", type=float, default=10.0)
    options = parser.parse_args()
    measure(options.requests, options.seconds_between_kills)
