"""The part of the trial with killed imports that needs Django.

`python -m tests.benchmarks.counting LIST` makes the list and a curator, then answers each line it
reads with what the list holds.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any

from django.core.management import call_command
from django.db.models import Count

import tests.benchmarks.configured  # noqa: F401 models need it
from matching.curation import create_list
from matching.models import HashEntry, ImportRun, ListKind, Violation
from tenants.audit.record import Actor
from tenants.memberships import create_curator

ACTOR = Actor.system("benchmark")


def answer(slug: str) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    create_curator(username="adder", password=secrets.token_urlsafe(), actor=ACTOR)
    create_list(slug=slug, kind=ListKind.LIVE, source="B", violation=Violation.A1, actor=ACTOR)
    for _ in sys.stdin:
        print(json.dumps(state(slug)), flush=True)


def state(slug: str) -> dict[str, Any]:
    alike = HashEntry.objects.values("hash_list", "sha256").annotate(count=Count("pk"))
    runs = ImportRun.objects.values_list("state").annotate(Count("pk"))
    return {
        "entries": HashEntry.objects.filter(hash_list__slug=slug).count(),
        "doubles": alike.filter(count__gt=1).count(),
        "runs": {"running": 0, **dict(runs)},
    }


if __name__ == "__main__":
    answer(sys.argv[1])
