"""The measurements of `python -m tests.benchmarks.audit`, in the process that they are about."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

import tests.benchmarks.configured  # noqa: F401 models need it
from tenants.acting import SERVICE, acting_as
from tenants.audit import checkpoints, events, proofs, verify
from tenants.audit.export import FORMATS
from tenants.audit.inspection import inspect
from tenants.audit.record import Actor, record
from tenants.audit.seal import seal_pending
from tenants.memberships import create_tenant
from tenants.models import Checkpoint, Tenant
from tests.benchmarks.audit.writing import writing

INSERT = """
INSERT INTO tenants_auditevent
    (tenant_id, actor_kind, actor_id, key_id, action, target, request_id, address, user_agent,
     outcome, status, data)
SELECT %s, 'key', 'Ab3dEf6hIj9k', 'Ab3dEf6hIj9k', 'image.checked',
       'sub_' || left(md5(n::text), 22), 'req_' || left(md5(n::text), 24), '203.0.113.9',
       'customer/1.0', 'success', 200, '{"verdict": "no_known_match", "checked": ["exact", "near"],
       "not_checked_reason": null, "lists": [], "match_types": [],
       "lists_version": "20261122T190000.000000Z"}'
FROM generate_series(1, %s) AS n
"""


SEALER_PAUSE = 0.5  # seconds, as in the schedule of `hashservice.celery`
EXPORT_RATE, LAG_RATE = 100.0, 500.0  # events a second
NEWER = "SELECT seal.id, event.at FROM tenants_auditseal seal JOIN tenants_auditevent event"
NEWER += " ON event.id = seal.event_id WHERE seal.id > %s ORDER BY seal.id"
RECOUNT = "SELECT event.action, count(*) FROM tenants_auditseal seal JOIN tenants_auditevent event"
RECOUNT += (
    " ON event.id = seal.event_id WHERE seal.tenant_id = %s AND seal.sequence < %s GROUP BY 1"
)


def main(count: int, seconds: int) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    measure(count)
    lag(seconds)


def measure(count: int) -> None:
    tenant = create_tenant(name="measured", plan="free", actor=Actor.system("benchmark")).tenant
    with timed("written in one statement", count), connection.cursor() as cursor:
        cursor.execute(INSERT, [tenant.pk, count])
    with timed("sealed", count):
        seal_pending()
    with timed("signed, first checkpoint", 1):
        checkpoint = checkpoints.current(tenant)
    prove(tenant, count)
    seal_one(tenant)
    with timed("page of 1000 events", 1000):
        events.page(
            tenant=tenant, period=events.Period(), limit=1000, cursor=f"{count // 2}-{count}"
        )
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, lines) in FORMATS.items():
            path = Path(folder) / f"report.{name}"
            rows = events.report(checkpoint=checkpoint, period=events.Period())
            with (
                writing(EXPORT_RATE) as written,
                sealing(),
                timed(f"exported as {name}", count),
                path.open("w", newline="") as file,
            ):
                file.writelines(lines(rows))
            with timed(f"verified from {name}", count):
                run_verifier(path, checkpoints.public_key(checkpoint.origin))
            print(f"{written[0]} events written meanwhile; {recounted(path, checkpoint)}")
    with timed("verified in the database", count):
        inspect(tenant)


def recounted(path: Path, checkpoint: Checkpoint) -> str:
    """What the file says of each action and has of it, against what the database counts."""
    with path.open(encoding="utf8", newline="") as file:
        rows = verify.read_records(file)
        stated = Counter(next(rows)["report"]["totals"]["by_action"])
        held = Counter(row["action"] for row in rows if "action" in row)
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, [checkpoint.tenant_id, checkpoint.size])
        counted = dict(cursor.fetchall())
    agree = counted == held == stated
    return f"{held.total()} events in the file, totals {'agree' if agree else 'DIFFER'}"


def lag(seconds: int) -> None:
    """From the time of an event to the commit of its seal, while others write."""
    lags: list[float] = []
    seal_pending()
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM tenants_auditseal")
        [newest] = cursor.fetchone()
        with writing(LAG_RATE) as written:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                time.sleep(SEALER_PAUSE)
                seal_pending()
                now = timezone.now()
                cursor.execute(NEWER, [newest])
                sealed = cursor.fetchall()
                lags += [(now - at).total_seconds() for _, at in sealed]
                newest = sealed[-1][0] if sealed else newest
    tell(f"seal lag, {written[0] / seconds:.0f} events/s", lags)


@contextmanager
def sealing() -> Iterator[None]:
    """A sealer at work for a block."""
    ended = threading.Event()

    def seal() -> None:
        with acting_as(SERVICE):
            while not ended.wait(SEALER_PAUSE):
                seal_pending()

    thread = threading.Thread(target=seal)
    thread.start()
    yield
    ended.set()
    thread.join()


def prove(tenant: Tenant, count: int) -> None:
    seconds = []
    for turn in range(100):
        started = time.perf_counter()
        proofs.inclusion(tenant=tenant, sequence=turn * count // 100)
        proofs.consistency(tenant=tenant, from_size=turn * count // 100)
        seconds.append(time.perf_counter() - started)
    tell("proof of both kinds", seconds)


def seal_one(tenant: Tenant) -> None:
    """What one new event costs behind so many."""
    seconds = []
    for _ in range(100):
        record(action="key.read", actor=Actor.system("benchmark"), tenant=tenant)
        started = time.perf_counter()
        seal_pending()
        seconds.append(time.perf_counter() - started)
    tell("one event sealed", seconds)


def run_verifier(path: Path, key: str) -> None:
    command = [sys.executable, verify.__file__, "log", str(path), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    print(done.stdout.splitlines()[0])


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    started, cpu_before = time.perf_counter(), cpu_seconds()
    yield
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu_before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rate = f"{seconds:8.2f} s {count / seconds:10.0f}/s"
    print(f"{what:<26} {rate}   {cpu:8.2f} s CPU   peak {memory} MiB", flush=True)


def cpu_seconds() -> float:
    """Of this process and the programs it ran, not of PostgreSQL."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def tell(what: str, seconds: list[float]) -> None:
    cuts = quantiles(seconds, n=100)
    print(f"{what:<26} p50 {cuts[49] * 1000:6.1f} ms   p99 {cuts[98] * 1000:6.1f} ms", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
