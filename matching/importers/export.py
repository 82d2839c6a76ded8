"""Take the entries of a list out of the service, marked with who and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from django.contrib.auth.models import User
from django.utils import timezone

from matching.importers.formats import format_named
from matching.importers.watermark import Watermark
from matching.models import EntryState, HashEntry, HashList
from tenants.audit.record import Actor, record

READ_CHUNK: Final = 5_000
BLOCK_BYTES: Final = 1 << 16


def export_list(
    *,
    hash_list: HashList,
    format: str,  # noqa: A002
    actor: User,
    reason: str = "",
) -> Iterator[bytes]:
    """The entries in force as a file, block by block, in bounded memory.

    The export is recorded before the first block leaves. CSV comes in the list's own mapping.
    Raises MappingInvalid.
    """
    writer = format_named(format, mapping=hash_list.csv_mapping)
    data = {"list": hash_list.slug, "format": format}
    if reason:
        data["reason"] = reason
    record(
        action="list.exported",
        actor=Actor.user(actor),
        target=f"list:{hash_list.slug}",
        data=data,
    )
    watermark = Watermark(hash_list.slug, actor.get_username(), timezone.now())
    return _in_blocks(writer.write(_entries_in_force(hash_list), watermark=watermark))


def _entries_in_force(hash_list: HashList) -> Iterator[HashEntry]:
    """Read from row to row, so that no cursor or transaction stays open while a client is slow."""
    entries = hash_list.entries.filter(state=EntryState.ACTIVE).order_by("pk")
    newest = 0
    while chunk := list(entries.filter(pk__gt=newest)[:READ_CHUNK]):
        yield from chunk
        newest = chunk[-1].pk


def _in_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces: each costs a web server a write of its own."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BLOCK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
