"""Put the local signatures of entries into the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db import connection

from matching.hashing.local.signature import VERSION
from matching.models import EntryState, HashEntry, HashList, LocalSignature
from matching.partial.sealing import seal
from tenants.reads import composed

# Only of entries that wait for approval: whoever approves one approves its signature with it.
_KEEP: Final = composed(
    """
    INSERT INTO {signature} (entry_id, format_version, sealed)
    SELECT entry.id, %s, given.sealed
      FROM unnest(%s::text[], %s::bytea[]) AS given (identity, sealed)
      JOIN {entry} AS entry ON entry.hash_list_id = %s AND entry.identity = given.identity
     WHERE entry.state = %s
        ON CONFLICT (entry_id) DO NOTHING
    """,
    {"signature": LocalSignature, "entry": HashEntry},
)


def keep_signatures(
    *, hash_list: HashList, signatures: Mapping[str, bytes], replaced: Collection[int] = ()
) -> None:
    """Keep local signatures, in their binary format, by the identity of their pending entries.

    Inside the caller's transaction. An entry keeps the signature it has, unless its key is in
    `replaced`; entries in force are left alone.
    """
    if replaced:
        LocalSignature.objects.filter(entry__in=replaced, entry__state=EntryState.PENDING).delete()
    if not signatures:
        return
    sealed = [
        seal(signature, hash_list=hash_list.pk, identity=identity)
        for identity, signature in signatures.items()
    ]
    values: list[Any] = [VERSION, list(signatures), sealed, hash_list.pk, EntryState.PENDING.value]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
