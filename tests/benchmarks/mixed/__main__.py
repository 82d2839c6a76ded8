"""Mixed requests while processes are killed: has every answer exactly one audit event?

    python -m tests.benchmarks.mixed --requests 100000

Clients ask until each request is answered: after a broken connection or a 503 once more, under the
same `Idempotency-Key` where an effect must not happen twice. Every attempt bears its own name
(`User-Agent`), which the audit log keeps. Afterwards what the clients wrote down is held against
the tenants' logs, each called whole by the stand-alone verifier with the checkpoints that clients
fetched on the way, and against the effects in the database.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping

from hashservice.demo.copies import rendered_pictures
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.mixed.asks import Asks
from tests.benchmarks.mixed.clients import Clients
from tests.benchmarks.mixed.kills import kill_while_asking, tell
from tests.benchmarks.mixed.recount import GAPS, KEYS, SUBMISSIONS, Recount, counts, read_events
from tests.benchmarks.mixed.recount import rows as rows_of
from tests.benchmarks.processes import Part

UNSEALED = """
SELECT count(*) FROM tenants_auditevent event
 WHERE NOT EXISTS (SELECT FROM tenants_auditseal seal WHERE seal.event_id = event.id)
"""
UNFINISHED = "SELECT count(*) FROM matching_batch WHERE finished_at IS NULL"


def measure(wanted: int, seconds: float, times: Mapping[Part, int]) -> None:
    with installation(workers=2) as installed:
        tenants = json.loads(installed.run("tests.benchmarks.mixed.cast"))
        asks = Asks(tenants, rendered_pictures().known)
        with installed.serving():
            clients = Clients(installed.port, asks, wanted=wanted, seconds=seconds)
            began = time.monotonic()
            clients.start()
            killed = kill_while_asking(installed, clients, times=times)
            clients.wait()
            took = time.monotonic() - began
            wait_until_none(installed, UNFINISHED)
            wait_until_none(installed, UNSEALED)
            tell(f"{clients.answered} answered in {took:.0f} s, killed {dict(killed)}")
            report(installed, clients, asks)
            print(installed.run("manage", "verify_audit"), flush=True)


def wait_until_none(installed: Installation, query: str) -> None:
    while rows_of(installed, query) != [(0,)]:
        time.sleep(1)


def report(installed: Installation, clients: Clients, asks: Asks) -> None:
    secrets = [tenant["all"] for tenant in asks.tenants]
    events = read_events(installed, secrets, asks.notes)
    recount = Recount(clients.attempts, events)
    tell(f"attempts by status: {dict(sorted(clients.by_status().items()))}")
    tell(f"checkpoints kept on the way: {len(asks.notes)}; events read: {len(events)}")
    for what, count in recount.figures().items():
        tell(f"events {what}: {count}")
    differing = recount.verdicts_that_differ(counts(installed, SUBMISSIONS))
    tell(f"requests with a verdict too many or too few: {differing}")
    tell(f"keys not made once: {recount.effects_not_once(counts(installed, KEYS))}")
    tell(f"logs with gaps: {rows_of(installed, GAPS)[0][0]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=120, help="begin no request after these")
    parser.add_argument("--web", type=int, default=20, help="kills of web workers")
    parser.add_argument("--others", type=int, default=5, help="kills of each other part")
    options = parser.parse_args()
    others = (Part.SEALER, Part.POSTGRES, Part.WORKER)
    measure(
        options.requests,
        60 * options.minutes,
        {Part.WEB: options.web, **dict.fromkeys(others, options.others)},
    )
