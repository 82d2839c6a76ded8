"""Curation by order: reads `VERB NUMBER` a line, answers each with JSON once it has committed."""

from __future__ import annotations

import json
import secrets
import sys
from typing import TYPE_CHECKING

import tests.benchmarks.configured  # noqa: F401 models need it
from matching.curation import EntryDraft, add_entries, approve_entry, retire_entry
from matching.hashing import Signal, SignalType
from matching.models import HashEntry, HashList
from matching.snapshot import build_and_publish
from tenants.audit.record import Actor
from tenants.memberships import find_curator
from tests.benchmarks.filled import CURATORS, LIST

if TYPE_CHECKING:  # models again
    from django.contrib.auth.models import User


def draft(count: int) -> list[dict[str, object]]:
    drafts = [
        EntryDraft([Signal(SignalType.PDQ, secrets.token_bytes(32), 100)]) for _ in range(count)
    ]
    added = add_entries(
        hash_list=HashList.objects.get(slug=LIST), drafts=drafts, actor=_curator(CURATORS[0])
    )
    return [{"id": entry.pk, "pdq": bytes(entry.pdq or b"").hex()} for entry in added]


def approve(entry: int) -> None:
    approve_entry(entry=HashEntry.objects.get(pk=entry), actor=_curator(CURATORS[1]))


def retire(entry: int) -> None:
    retire_entry(
        entry=HashEntry.objects.get(pk=entry), actor=_curator(CURATORS[1]), reason="benchmark"
    )


def publish(_: int) -> None:
    build_and_publish(actor=Actor.system("benchmark"))


def _curator(name: str) -> User:
    found = find_curator(name)
    if found is None:
        raise LookupError(f"there is no curator {name}: fill the installation first")
    return found


VERBS = {verb.__name__: verb for verb in (draft, approve, retire, publish)}


def main() -> None:
    for line in sys.stdin:
        verb, number = line.split()
        print(json.dumps(VERBS[verb](int(number))), flush=True)


if __name__ == "__main__":
    main()
