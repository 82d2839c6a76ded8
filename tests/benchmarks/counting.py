"""The part of the trial with killed imports that needs Django.

`python -m tests.benchmarks.counting LIST` makes two lists and a curator, then reads orders: `state`
is answered with what they hold, `queue FILE` puts an import into the second one. With `--work` it
is a worker that carries out one import that waits, if there is one.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db.models import Count

import tests.benchmarks.configured  # noqa: F401 models need it
from matching.curation import create_list
from matching.importers import queue
from matching.models import HashEntry, HashList, ImportRun, ListKind, Violation
from tenants.audit.record import Actor
from tenants.memberships import create_curator

if TYPE_CHECKING:  # models again
    from django.contrib.auth.models import User

ACTOR = Actor.system("benchmark")
SECOND = "queued"


def work() -> None:
    run = queue.claim()
    if run is not None:
        queue.carry_out(run)


def answer(first: str) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    curator = create_curator(username="adder", password=secrets.token_urlsafe(), actor=ACTOR)
    for slug in (first, SECOND):
        create_list(slug=slug, kind=ListKind.LIVE, source="B", violation=Violation.A1, actor=ACTOR)
    for order in sys.stdin:
        name, _, argument = order.strip().partition(" ")
        if name == "queue":
            enqueue(Path(argument), curator)
        print(json.dumps(state(first)), flush=True)


def enqueue(path: Path, curator: User) -> None:
    """As the admin does when the dry run was looked at; the dry run itself is passed over."""
    with path.open("rb") as file:
        run = queue.accept_upload(
            chunks=iter(lambda: file.read(1 << 20), b""),
            file_name=path.name,
            hash_list=HashList.objects.get(slug=SECOND),
            format="signatures",
            actor=curator,
        )
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.CHECKED)
    queue.proceed(run=run, actor=curator)


def state(first: str) -> dict[str, Any]:
    alike = HashEntry.objects.values("hash_list", "sha256").annotate(count=Count("pk"))
    runs = ImportRun.objects.values_list("state").annotate(Count("pk"))
    return {
        "entries": HashEntry.objects.filter(hash_list__slug=first).count(),
        "queued": HashEntry.objects.filter(hash_list__slug=SECOND).count(),
        "doubles": alike.filter(count__gt=1).count(),
        "runs": {"running": 0, **dict(runs)},
    }


if __name__ == "__main__":
    if "--work" in sys.argv:
        work()
    else:
        answer(sys.argv[1])
