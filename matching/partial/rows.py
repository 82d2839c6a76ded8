"""Signatures out of the database, decrypted, as the index takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models import QuerySet

from matching.hashing.local import LocalSignature as Signature
from matching.models import LocalSignature
from matching.partial.sealing import opened

READ_AT_ONCE: Final = 1_000


def signatures_of(rows: QuerySet[LocalSignature]) -> Iterator[tuple[int, Signature]]:
    """(key, signature) of each row, read through a server-side cursor.

    Raises SignatureUnreadable, SignalInvalid.
    """
    columns = ("pk", "sealed", "entry__hash_list_id", "entry__identity")
    for pk, sealed, hash_list, identity in rows.values_list(*columns).iterator(READ_AT_ONCE):
        data = opened(bytes(sealed), hash_list=hash_list, identity=identity)
        yield pk, Signature.from_bytes(data)
