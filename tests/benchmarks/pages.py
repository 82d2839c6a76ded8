"""The part of the workbench benchmark that needs Django: millions of entries, and pages of them.

Rows are made by PostgreSQL itself, past the verbs, as the tables' owner: only a benchmark may.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse

import tests.benchmarks.configured  # noqa: F401 models need it
from hashservice.database import OWNER
from matching.curation import create_list
from matching.models import HashEntry, HashList, ImportRun, ListKind, Violation
from tenants.audit.record import Actor
from tenants.memberships import create_curator

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACTOR = Actor.system("benchmark")
TURNS = 7  # more than PostgreSQL plans anew for each value it is given
# Worst cases: an old and small list and import, below millions of others; and one with all states.
LISTS = {"small": (0.0, 0.001), "large": (0.001, 0.8), "new": (0.8, 1.0)}
ROWS = """
    INSERT INTO matching_hashentry (hash_list_id, identity, external_id, violation, state, md5,
        sha1, sha256, pdq, pdq_quality, import_run_id, created_at, created_by_id, approved_at,
        approved_by_id, reason, changed_version)
    SELECT %(list)s, 'id:case-' || n, 'case-' || n, (ARRAY['A1', 'A2', 'B1', 'B2'])[1 + n %% 4],
           CASE WHEN n %% 20 = 0 THEN 'pending' WHEN n %% 100 = 1 THEN 'retired' ELSE 'active' END,
           decode(md5(n::text), 'hex'), substr(sha256(('1' || n)::bytea), 1, 20),
           sha256(n::text::bytea), sha256(('p' || n)::bytea), 100, %(run)s, now(), %(adder)s,
           now(), CASE WHEN n %% 20 = 0 THEN NULL ELSE %(approver)s::integer END, '', 0
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename = 'matching_hashentry' AND indexname NOT IN (
           SELECT conname FROM pg_constraint WHERE conrelid = 'matching_hashentry'::regclass)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages")
    parser.add_argument("--entries", type=int, required=True)
    options = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    fill(options.entries)
    measure(options.entries)


def fill(entries: int) -> None:
    """Three lists with an import each, added by one curator and approved by another."""
    adder, approver = (
        create_curator(username=name, password=secrets.token_urlsafe(), actor=ACTOR)
        for name in ("adder", "approver")
    )
    people = {"adder": adder.pk, "approver": approver.pk}
    with _without_indexes():
        for slug, (begin, end) in LISTS.items():
            run = _import_into(slug, adder)
            rows = {"first": int(begin * entries) + 1, "last": int(end * entries)}
            told = {"list": run.hash_list_id, "run": run.pk, **people, **rows}
            with connections[OWNER].cursor() as cursor:
                cursor.execute(ROWS, told)
    with connections[OWNER].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE matching_hashentry")


def _import_into(slug: str, adder: User) -> ImportRun:
    hash_list = create_list(
        slug=slug, kind=ListKind.LIVE, source=slug, violation=Violation.A1, actor=ACTOR
    )
    return ImportRun.objects.create(
        hash_list=hash_list,
        format="csv",
        file_name=f"{slug}.csv",
        state=ImportRun.State.FINISHED,
        created_by=adder,
    )


@contextmanager
def _without_indexes() -> Iterator[None]:
    """They are built once at the end, which takes a fraction of the time."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)


def measure(entries: int) -> None:
    """Print the median and the longest time of each page, rendered, with its audit row."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(get_user_model().objects.get(username="approver"))
    entries_page = reverse("admin:matching_hashentry_changelist")
    pages = {name: (entries_page, asked) for name, asked in _pages(entries).items()}
    pages["workbench"] = (reverse("admin:index"), {})
    for name, (address, asked) in pages.items():
        times = []
        for _ in range(TURNS):
            began = time.perf_counter()
            answer = client.get(address, asked)
            times.append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, answer.status_code
        shown = answer.content.count(b'name="_selected_action"')
        print(f"{name:<32} {statistics.median(times):6.0f} ms, {max(times):6.0f} at most; {shown}")


def _pages(entries: int) -> dict[str, dict[str, str]]:
    first = HashEntry.objects.order_by("pk").values_list("pk", flat=True)[0]
    middle = str(first + entries // 2)
    lists = dict(HashList.objects.values_list("slug", "pk"))
    runs = dict(ImportRun.objects.values_list("hash_list__slug", "pk"))
    digest = bytes(HashEntry.objects.get(external_id=f"case-{entries // 3}").sha256 or b"").hex()
    pages = {
        "first page": {},
        "a page in the middle": {"before": middle},
        "the page before it": {"after": middle},
        "the last page": {"before": str(first + 40)},
        "waiting, added by others": {"added": "others"},
        "waiting, added by me": {"added": "me"},
        "external id": {"q": f"case-{entries // 3}"},
        "whole SHA-256": {"q": digest},
        "8 digits": {"q": digest[:8]},
        "4 digits": {"q": digest[:4]},
        "4 digits in a list": {"q": digest[:4], "hash_list__id__exact": str(lists["large"])},
        "of nothing": {"q": "no such case"},
    }
    pages |= {f"state {s}": {"state__exact": s} for s in ("pending", "active", "suspended")}
    for slug in LISTS:
        of_list, of_run = str(lists[slug]), str(runs[slug])
        pages[f"{slug} list"] = {"hash_list__id__exact": of_list}
        pages[f"{slug} list, pending"] = {
            "hash_list__id__exact": of_list,
            "state__exact": "pending",
        }
        pages[f"{slug} import"] = {"import_run__id__exact": of_run}
        pages[f"{slug} import, in the middle"] = {
            "import_run__id__exact": of_run,
            "before": middle,
        }
        pages[f"{slug} import, suspended"] = {
            "import_run__id__exact": of_run,
            "state__exact": "suspended",
        }
    return pages


if __name__ == "__main__":
    main()
