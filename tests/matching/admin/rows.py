"""Rows for the pages to show, and the way to the pages."""

from __future__ import annotations

import random
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from matching.curation import EntryDraft, add_entries
from matching.hashing import Signal, SignalType
from matching.models import HashEntry, HashList
from tenants.models import AuditEvent

LENGTHS = {SignalType.MD5: 16, SignalType.SHA1: 20, SignalType.SHA256: 32, SignalType.PDQ: 32}


def add(
    hash_list: HashList, count: int, *, by: User, seed: int = 0, **told: str
) -> list[HashEntry]:
    """`count` pending entries with all signals but PhotoDNA, from a fixed seed."""
    noise = random.Random(f"{hash_list} {seed}")
    drafts = [EntryDraft(_signals(noise), **told) for _ in range(count)]
    return add_entries(hash_list=hash_list, drafts=drafts, actor=by)


def _signals(noise: random.Random) -> list[Signal]:
    quality = {SignalType.PDQ: 97}
    return [
        Signal(name, noise.randbytes(length), quality.get(name)) for name, length in LENGTHS.items()
    ]


def page(model: str, kind: str = "changelist", *arguments: int) -> str:
    return reverse(f"admin:matching_{model}_{kind}", args=arguments)


def begin(client: Client, act: str, *rows: Any, model: str = "hashentry") -> HttpResponse:
    """Choose an act on rows: the answer asks for confirmation."""
    return client.post(page(model), {"action": act, "_selected_action": [row.pk for row in rows]})


def confirm(
    client: Client,
    act: str,
    *rows: Any,
    expected: int,
    reason: str = "looked at",
    model: str = "hashentry",
) -> HttpResponse:
    """The confirmation of an act that promised to take `expected` rows."""
    answer = {
        "action": act,
        "_selected_action": [row.pk for row in rows],
        "expected": expected,
        "reason": reason,
    }
    return client.post(page(model), answer)


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))
