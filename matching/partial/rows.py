"""Signatures out of the database, decrypted, as the index takes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from matching.hashing.local import LocalSignature as Signature
from matching.models import LocalSignature
from matching.partial.sealing import opened

READ_AT_ONCE: Final = 1_000
_WAITING: Final = "SELECT id, sealed, hash_list_id, identity FROM matching_waiting_signatures(%s)"


def signatures_of(rows: QuerySet[LocalSignature]) -> Iterator[tuple[int, Signature]]:
    """(key, signature) of each row, read through a server-side cursor; not for the web's role.

    Raises SignatureUnreadable, SignalInvalid.
    """
    columns = ("pk", "sealed", "entry__hash_list_id", "entry__identity")
    yield from _read(rows.values_list(*columns).iterator(READ_AT_ONCE))


def waiting_signatures(wanted: Collection[int]) -> dict[int, Signature]:
    """Of the signatures with these keys, those in force that are in no segment at this moment.

    Raises SignatureUnreadable, SignalInvalid.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [list(wanted)])
        return dict(_read(cursor.fetchall()))


def _read(rows: Iterable[tuple[int, bytes, int, str]]) -> Iterator[tuple[int, Signature]]:
    for pk, sealed, hash_list, identity in rows:
        data = opened(bytes(sealed), hash_list=hash_list, identity=identity)
        yield pk, Signature.from_bytes(data)
