"""Retain hashes in a filled installation and look back: `python -m tests.benchmarks.retaining N`.

Rows go in by COPY as the tables' owner, past the verbs: only a benchmark may.
"""

from __future__ import annotations

import sys
import time
from typing import Final

import numpy as np
from django.db import connection, connections
from django.utils import timezone

import tests.benchmarks.configured  # noqa: F401 models need it
from hashservice.database import OWNER
from matching.lookback import look_back, runs
from matching.models import HashEntry, Match
from tenants.models import Plan, Tenant, WebhookDelivery, WebhookEndpoint

TURNS: Final = 8
NEAR: Final = 1_000
AT_ONCE: Final = 20_000
SUBMISSIONS = """
    INSERT INTO matching_submission
           (public_id, tenant_id, key_id, environment, content_id, verdict, checked,
            not_checked_reason, lists_version, lists_version_label, created_at)
    SELECT 'sub_' || lpad(number::text, 20, '0'), %s, '', 'live', '', 'no_known_match',
           '{exact,near}', '', 0, '', now()
      FROM generate_series(0, %s - 1) AS number
"""
COPIED = """
    COPY matching_retainedhashes (tenant_id, submission_id, environment, sha256, pdq)
    FROM STDIN (FORMAT BINARY)
"""


def retain(tenant: Tenant, count: int) -> None:
    """`count` rows; NEAR of them, evenly spread, are 20 bits from an entry in one turn."""
    chance = np.random.default_rng(5)
    known = [bytes(value or b"") for value in HashEntry.objects.values_list("pdq", flat=True)]
    every = count // NEAR
    with connections[OWNER].cursor() as cursor:
        cursor.execute(SUBMISSIONS, [tenant.pk, count])
        with cursor.copy(COPIED) as copy:
            copy.set_types(["int8", "text", "text", "bytea", "bytea"])
            for start in range(0, count, AT_ONCE):
                rows = chance.integers(0, 256, (AT_ONCE, TURNS, 32), np.uint8)
                digests = chance.integers(0, 256, (AT_ONCE, 32), np.uint8)
                for place in range(min(AT_ONCE, count - start)):
                    number = start + place
                    if number % every == 0:
                        rows[place, 3] = near(known[number // every % len(known)], chance)
                    name = f"sub_{number:020}"
                    values = digests[place].tobytes(), rows[place].tobytes()
                    copy.write_row((tenant.pk, name, "live", *values))
        cursor.execute("VACUUM ANALYZE matching_retainedhashes, matching_submission")


def near(value: bytes, chance: np.random.Generator) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(value, np.uint8))
    bits[chance.choice(256, 20, replace=False)] ^= 1
    return np.packbits(bits)


def main() -> None:
    count = int(sys.argv[1])
    tenant = Tenant.objects.get()
    Plan.objects.filter(pk=tenant.plan_id).update(lookback=True)
    Tenant.objects.update(retain_hashes_days=30)
    WebhookEndpoint.objects.create(
        tenant=tenant, environment="live", url="https://8.8.8.8/", events=["match.retroactive"]
    )
    retain(tenant, count)
    later = timezone.now() + runs.SETTLE
    runs.open_run(now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    wall, cpu = time.perf_counter(), time.process_time()
    run = look_back(clock=lambda: later)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if run is None:
        raise LookupError("there was nothing to look back for")
    print(
        f"{run.checked:,} retained x {HashEntry.objects.count():,} new, {TURNS} turns each:"
        f" {wall:.1f} s, {cpu:.1f} s CPU here; {run.matched:,} matched,"
        f" {Match.objects.count():,} matches, {WebhookDelivery.objects.count():,} webhooks;"
        f" {run.state}"
    )


if __name__ == "__main__":
    main()
