"""Take the entries of a list out of the service, marked with who and when."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.utils import timezone

from matching.importers.formats import format_named
from matching.importers.watermark import Watermark
from matching.models import EntryState, HashList
from tenants.audit.record import Actor, record

READ_CHUNK = 5_000


def export_list(*, hash_list: HashList, format: str, actor: User) -> Iterator[bytes]:  # noqa: A002
    """The entries in force as a file, piece by piece.

    The export is recorded before the first piece leaves. CSV comes in the list's own mapping.
    Raises MappingInvalid.
    """
    writer = format_named(format, mapping=hash_list.csv_mapping)
    record(
        action="list.exported",
        actor=Actor.user(actor),
        target=f"list:{hash_list.slug}",
        data={"list": hash_list.slug, "format": format},
    )
    entries = hash_list.entries.filter(state=EntryState.ACTIVE).order_by("pk")
    return writer.write(
        entries.iterator(READ_CHUNK),
        watermark=Watermark(hash_list.slug, actor.get_username(), timezone.now()),
    )
