"""Retain hashes in a filled installation and look back: `python -m tests.benchmarks.retaining N`.

Rows go in as the tables' owner, past the verbs: only a benchmark may.
"""

from __future__ import annotations

import sys
import time
from typing import Final

import numpy as np
from django.db import connections
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
RETAINED = """
    INSERT INTO matching_retainedhashes (tenant_id, submission_id, environment, sha256, pdq)
    SELECT %s, row.name, 'live', row.sha256, row.pdq
      FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) AS row (name, sha256, pdq)
"""


def retain(tenant: Tenant, count: int) -> None:
    """`count` rows; NEAR of them, evenly spread, are 20 bits from an entry in one turn."""
    chance = np.random.default_rng(5)
    known = [bytes(value or b"") for value in HashEntry.objects.values_list("pdq", flat=True)]
    every = count // NEAR
    with connections[OWNER].cursor() as cursor:
        cursor.execute(SUBMISSIONS, [tenant.pk, count])
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            rows = chance.integers(0, 256, (len(numbers), TURNS, 32), np.uint8)
            digests = chance.integers(0, 256, (len(numbers), 32), np.uint8)
            for number in numbers:
                if number % every == 0:
                    rows[number - start, 3] = near(known[number // every % len(known)], chance)
            names = [f"sub_{number:020}" for number in numbers]
            values = ([one.tobytes() for one in each] for each in (digests, rows))
            cursor.execute(RETAINED, [tenant.pk, names, *values])
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
    runs.open_run(now=timezone.now())
    later = timezone.now() + runs.SETTLE
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
