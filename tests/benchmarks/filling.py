"""Fill an empty installation: `python -m tests.benchmarks.filling --entries N [PHOTO …]`.

A live list of N random PDQ hashes and those of the photos, two curators, and a tenant without a
limit to speak of. Rows go in by COPY as the tables' owner, past the verbs: only a benchmark may.
Prints one JSON object for `Filled`.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from django.core.management import call_command
from django.db import connections, transaction
from numpy.typing import NDArray

import tests.benchmarks.configured  # noqa: F401 models need it
from hashservice.database import OWNER
from matching.curation import create_list, publish_list
from matching.hashing import hash_image
from matching.models import EntryState, HashList, ListKind, ListsVersion, Violation
from matching.snapshot import build_and_publish
from tenants import keys
from tenants.audit.record import Actor
from tenants.memberships import create_curator, create_tenant
from tests.benchmarks.filled import CURATORS, LIST

ACTOR = Actor.system("benchmark")
SHOWN = 1_000
COLUMNS = (
    "hash_list_id, identity, external_id, violation, state, pdq, pdq_quality, created_at,"
    " created_by_id, approved_at, approved_by_id, reason, changed_version"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.filling")
    parser.add_argument("--entries", type=int, required=True)
    parser.add_argument("photos", nargs="*", type=Path)
    options = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    random = np.random.default_rng(31).integers(0, 256, (options.entries, 32), dtype=np.uint8)
    photos = [hash_image(photo.read_bytes()).pdq.value for photo in options.photos]
    _register(_list(), random, photos)
    shown = [value.tobytes().hex() for value in random[:SHOWN]]
    print(json.dumps({"secret": _secret(), "known": shown}))


def _list() -> HashList:
    return create_list(
        slug=LIST, kind=ListKind.LIVE, source="Benchmark", violation=Violation.A1, actor=ACTOR
    )


def _secret() -> str:
    tenant = create_tenant(name="Benchmark", plan="unlimited", actor=ACTOR).tenant
    issued = keys.issue(
        tenant=tenant, name="all", environment="live", scopes=keys.SCOPES, actor=ACTOR
    )
    return issued.secret


def _register(hash_list: HashList, random: NDArray[np.uint8], photos: list[bytes]) -> None:
    adder, approver = (
        create_curator(username=name, password=secrets.token_urlsafe(), actor=ACTOR)
        for name in CURATORS
    )
    distinct = {*map(bytes, random), *photos}
    publish_list(hash_list=hash_list, proposed_by=adder, approved_by=approver, reason="benchmark")
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        cursor.execute("UPDATE matching_listsversion SET version = version + 1 RETURNING version")
        [version] = cursor.fetchone()
        with cursor.copy(f"COPY matching_hashentry ({COLUMNS}) FROM STDIN") as copy:
            for lines in _lines(distinct, hash_list.pk, adder.pk, approver.pk, version):
                copy.write(lines)
    with connections[OWNER].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE matching_hashentry")
    assert ListsVersion.objects.get().version == version
    build_and_publish(actor=ACTOR)


def _lines(
    hashes: set[bytes], hash_list: int, adder: int, approver: int, version: int
) -> Iterator[str]:
    """PostgreSQL's text format of COPY."""
    now = "2026-01-01T00:00:00Z"
    for value in hashes:
        yield (
            f"{hash_list}\tpdq:{value.hex()}\t\t{Violation.A1}\t{EntryState.ACTIVE}"
            f"\t\\\\x{value.hex()}\t100\t{now}\t{adder}\t{now}\t{approver}\t\t{version}\n"
        )


if __name__ == "__main__":
    main()
