"""Keys under load: `python -m tests.benchmarks.keys --revocations 1000 --workers 4`.

Rotation while 50 requests a second go on; revocation asked about by all web processes at once, the
second half with Valkey stopped; the answers to keys that are no good, with their times; and every
secret that was issued looked for in everything that was kept: files, database, Valkey.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import psycopg
import redis
from psycopg import sql

from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.load import connect, exchange
from tests.benchmarks.outage import valkey

PLENTY = "1000000000"
ROTATIONS, SECONDS_A_ROTATION, RATE = 10, 2.0, 50
ASKERS = 8
REFUSALS = 300


def http(port: int, method: str, path: str, secret: str, body: object = None) -> tuple[int, bytes]:
    """Status and body, over a connection of its own: any web process may answer."""
    data = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    connection = connect(port)
    try:
        if method == "DELETE":  # 204 has no length
            connection.sendall(head.encode() + data)
            return int(connection.recv(65536)[9:12]), b""
        return exchange(connection, head.encode() + data)
    finally:
        connection.close()


class Trials:
    """On one installation, with a key that may make others."""

    def __init__(self, installed: Installation) -> None:
        self._port = installed.port
        self._installed = installed
        made = installed.run("manage", "create_tenant", "Keys", "--plan", "unlimited", "--json")
        self._keeper = json.loads(made)["secret"]
        self.secrets = [self._keeper]

    def issue(self, **terms: object) -> tuple[str, str]:
        """Id and secret of a new key."""
        usual = {"name": "trial", "environment": "live", "scopes": ["match", "keys"]}
        status, body = http(self._port, "POST", "/v1/keys", self._keeper, {**usual, **terms})
        if status != 201:
            raise ConnectionError(f"{status}: {body!r}")
        return self._noted(body)

    def rotation(self) -> str:
        """Ask at a steady rate, each time with the newest key there is."""
        key_id, secret = self.issue()
        answers: Counter[int] = Counter()
        with ThreadPoolExecutor(ASKERS) as askers:
            for _ in range(ROTATIONS):
                asked = []
                for _ in range(int(RATE * SECONDS_A_ROTATION)):
                    asked.append(askers.submit(http, self._port, "GET", "/v1/key", secret))
                    time.sleep(1 / RATE)
                    if len(asked) == RATE:
                        path, terms = f"/v1/keys/{key_id}/rotate", {"overlap_seconds": 30}
                        _, body = http(self._port, "POST", path, secret, terms)
                        key_id, newer = self._noted(body)
                        secret = newer
                answers.update(answer.result()[0] for answer in asked)
        failed = sum(n for status, n in answers.items() if status != 200)
        return f"{ROTATIONS} rotations at {RATE} requests/s: {failed} of {answers.total()} failed"

    def revocation(self, rounds: int) -> str:
        """Asked by all at once, as soon as the revocation is acknowledged."""
        late = asked = 0
        with ThreadPoolExecutor(ASKERS) as askers:
            for number in range(rounds):
                if number == rounds // 2:
                    valkey(self._installed).send_signal(signal.SIGSTOP)
                key_id, secret = self.issue()
                http(self._port, "GET", "/v1/key", secret)
                http(self._port, "DELETE", f"/v1/keys/{key_id}", self._keeper)
                asks = [(self._port, "GET", "/v1/key", secret)] * ASKERS
                statuses = [status for status, _ in askers.map(lambda ask: http(*ask), asks)]
                late, asked = late + statuses.count(200), asked + len(statuses)
        valkey(self._installed).send_signal(signal.SIGCONT)
        return f"{rounds} revocations, half of them without Valkey: {late} of {asked} late"

    def refusals(self) -> str:
        """One body for all, and medians of the time that each takes."""
        key_id, revoked = self.issue()
        http(self._port, "DELETE", f"/v1/keys/{key_id}", self._keeper)
        _, elsewhere = self.issue(allowed_networks=["203.0.113.0/24"])
        _, early = self.issue(not_before="2100-01-01T00:00:00Z")
        kinds = {"revoked": revoked, "elsewhere": elsewhere, "early": early}
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        bodies = set()
        for _ in range(REFUSALS):
            for kind, secret in kinds.items():
                start = time.perf_counter()
                status, body = http(self._port, "GET", "/v1/key", secret)
                times[kind].append(time.perf_counter() - start)
                told = json.loads(body)
                bodies.add((status, *(v for name, v in told.items() if name != "request_id")))
        medians = ", ".join(
            f"{kind} {statistics.median(taken) * 1000:.2f} ms" for kind, taken in times.items()
        )
        return f"refusals: {len(bodies)} body; medians {medians}"

    def leaks(self) -> str:
        """Where any secret stands, of all that was kept."""
        needles = [secret.rpartition("_")[2].encode() for secret in self.secrets]
        kept = [path.read_bytes() for path in _files(self._installed.folder)]
        kept += _rows(self._installed.environment()["DATABASE_OWNER_URL"])
        kept += _values(self._installed.environment()["REDIS_URL"])
        found = sum(any(needle in part for part in kept) for needle in needles)
        size = sum(map(len, kept)) / 1e6
        return f"{found} of {len(needles)} secrets found in {size:.0f} MB of files, rows and Valkey"

    def _noted(self, body: bytes) -> tuple[str, str]:
        key = json.loads(body)
        self.secrets.append(key["secret"])
        return key["id"], key["secret"]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def _rows(url: str) -> list[bytes]:
    """Every table as text."""
    dumped = []
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.scope', 'service', false)")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(table))
            with cursor.copy(statement) as copy:
                dumped.append(b"".join(bytes(part) for part in copy))
    return dumped


def _values(url: str) -> list[bytes]:
    kept = []
    for database in range(2):
        with redis.Redis.from_url(url.replace("db=0", f"db={database}")) as server:
            for key in server.scan_iter():
                kept += [key, server.dump(key) or b""]
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revocations", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=4)
    arguments = parser.parse_args()
    with (
        patch.dict(os.environ, {"FAILED_AUTHENTICATIONS_PER_MINUTE": PLENTY}),
        installation(workers=arguments.workers) as installed,
        installed.serving(),
    ):
        trials = Trials(installed)
        print(trials.rotation(), flush=True)
        print(trials.refusals(), flush=True)
        print(trials.revocation(arguments.revocations), flush=True)
        print(trials.leaks(), flush=True)


if __name__ == "__main__":
    main()
