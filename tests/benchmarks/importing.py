"""The part of the import benchmark that needs Django: a list, a curator, and imports of a file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from matching.curation import create_list
from matching.importers import import_file
from matching.models import HashList, ListKind, Violation
from tenants.audit.record import Actor
from tenants.memberships import create_curator

ACTOR = Actor.system("benchmark")


def prepared() -> tuple[HashList, User]:
    """An empty list and somebody to fill it."""
    call_command("migrate", interactive=False, verbosity=0)
    curator = create_curator(username="adder", password=secrets.token_urlsafe(), actor=ACTOR)
    hash_list = create_list(
        slug="benchmark", kind=ListKind.LIVE, source="B", violation=Violation.A1, actor=ACTOR
    )
    return hash_list, curator


def imported(
    path: Path,
    format: str,  # noqa: A002
    hash_list: HashList,
    curator: User,
    mapping: Mapping[str, Any],
) -> float:
    """Import a file; the CPU seconds that PostgreSQL's session took for it."""
    connection.ensure_connection()
    session = psutil.Process(connection.connection.info.backend_pid)
    before = sum(session.cpu_times()[:2])
    with path.open("rb") as file:
        report = import_file(
            file=file,
            file_name=path.name,
            hash_list=hash_list,
            format=format,
            actor=curator,
            mapping=mapping,
        )
    if report.refused or not report.added + report.unchanged:
        raise ValueError(f"the file is not what it should be: {report.counts}")
    return float(sum(session.cpu_times()[:2]) - before)
