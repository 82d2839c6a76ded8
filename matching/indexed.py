"""What the index holds of the entries, as arrays: their PDQ values and beginnings of digests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from django.db.models import Aggregate, BinaryField, F, Func, Max
from numpy.typing import NDArray

from matching.index import PREFIX_BYTES, prefixes_of
from matching.models import TRUSTED_PDQ, HashEntry, HashEntryQuerySet, searched_pdq

READ_AT_ONCE: Final = 50_000
_DIGESTS: Final = ("sha256", "sha1", "md5")
Hashes = tuple[NDArray[np.uint8], NDArray[np.uint64]]
"""PDQ values (n, 32) and beginnings of digests (m,)."""
NO_HASHES: Final[Hashes] = (np.empty((0, 32), np.uint8), np.empty(0, np.uint64))


def hashes_of(entries: HashEntryQuerySet) -> Iterator[Hashes]:
    """Those of some searchable `entries`, read through a server-side cursor."""
    columns = entries.order_by().values_list("pdq", "pdq_quality", "pdq_trimmed", *_DIGESTS)
    rows = columns.iterator(chunk_size=READ_AT_ONCE)
    while chunk := list(islice(rows, READ_AT_ONCE)):
        pdq = [value for row in chunk for value in searched_pdq(*row[:3])]
        digests = [bytes(value) for row in chunk for value in row[3:] if value]
        yield np.frombuffer(b"".join(pdq), np.uint8).reshape(-1, 32), prefixes_of(digests)


def all_hashes() -> Iterator[Hashes]:
    """Those of all searchable entries, joined by PostgreSQL.

    A million takes 0.5 s so, nearly all of it PostgreSQL's; row by row 1 s, nearly all of it ours.

    It takes several statements. Whoever reads the lists version before catches up with what
    changed meanwhile.
    """
    last = HashEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    for first in range(0, last + 1, READ_AT_ONCE):
        some = HashEntry.objects.searchable().filter(pk__range=(first, first + READ_AT_ONCE - 1))
        joined = some.order_by().aggregate(
            pdq=_Joined("pdq", filter=TRUSTED_PDQ),
            trimmed=_Joined("pdq_trimmed"),
            **{f"beginnings_{name}": _Joined(_beginning(name)) for name in _DIGESTS},
        )
        pdq, trimmed, *digests = (bytes(value or b"") for value in joined.values())
        hashes = np.frombuffer(pdq + trimmed, np.uint8).reshape(-1, 32)
        yield hashes, np.frombuffer(b"".join(digests), "<u8")


class _Joined(Aggregate):
    """All values of a binary column, one after the other; None if there is none."""

    function = "string_agg"
    template = "%(function)s(%(expressions)s, ''::bytea)"
    output_field = BinaryField()


def _beginning(name: str) -> Func:
    return Func(F(name), 1, PREFIX_BYTES, function="substring", output_field=BinaryField())
