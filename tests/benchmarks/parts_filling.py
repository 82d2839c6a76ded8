"""Fill an empty installation with pictures that are known by their parts.

`python -m tests.benchmarks.parts_filling SIGNATURES [--segment N --pool DIR]`

A live list from what `hash_images` wrote, two curators, a tenant without a limit to speak of.
With `--segment` also a published segment of N synthetic references, as in
`tests.benchmarks.local_index`. Prints a key.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

from django.core.management import call_command
from django.db.models import F

import tests.benchmarks.configured  # noqa: F401 models need it
from matching.curation import create_list
from matching.index.local import LocalIndex
from matching.models import ListKind, ListsVersion, LocalSegment, Violation
from matching.partial import build_segments
from matching.partial.building import index_directory
from tenants import keys
from tenants.audit.record import Actor
from tenants.memberships import create_curator, create_tenant
from tests.benchmarks.filled import CURATORS, LIST
from tests.benchmarks.local_index import codes_of, synthetic

ACTOR = Actor.system("benchmark")
FIRST_ID = 1_000_000_000  # of no signature that the database has


def fill(signatures: Path) -> str:
    """A list in force; the key of a tenant that is matched against it."""
    call_command("migrate", interactive=False, verbosity=0)
    create_list(
        slug=LIST, kind=ListKind.LIVE, source="Benchmark", violation=Violation.A1, actor=ACTOR
    )
    first, second = CURATORS
    for name in CURATORS:
        create_curator(username=name, password=secrets.token_urlsafe(), actor=ACTOR)
    call_command(
        "import_hash_list",
        str(signatures),
        list_slug=LIST,
        format="signatures",
        user=first,
        approved_by=second,
        stdout=sys.stderr,
    )
    build_segments(actor=ACTOR, least=1)
    tenant = create_tenant(name="Benchmark", plan="unlimited", actor=ACTOR).tenant
    scopes = [scope for scope in keys.SCOPES if scope != "match:hash"]
    return keys.issue(
        tenant=tenant, name="all", environment="live", scopes=scopes, actor=ACTOR
    ).secret


def add_segment(count: int, pool: Path) -> None:
    """A segment whose references belong to no entry: they are searched, and never answered."""
    name = "local-synthetic"
    made = enumerate(synthetic(codes_of(pool), count), start=FIRST_ID)
    LocalIndex.build(made, index_directory(name))
    LocalSegment.objects.create(directory=name, signatures=count)
    ListsVersion.objects.update(version=F("version") + 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.parts_filling")
    parser.add_argument("signatures", type=Path)
    parser.add_argument("--segment", type=int, default=0)
    parser.add_argument("--pool", type=Path)
    options = parser.parse_args()
    secret = fill(options.signatures)
    if options.segment:
        add_segment(options.segment, options.pool)
    print(secret)


if __name__ == "__main__":
    main()
