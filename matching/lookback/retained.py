"""Retained hashes, read by the lot: a few arrays in place of many rows."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

LOT: Final = 20_000
DIGESTS: Final = ("md5", "sha1", "sha256")
NO_HEAD: Final = "'\\x0000000000000000'::bytea"
# What is past its time is not read, whether it was purged yet or not.
READ: Final = f"""
    SELECT array_agg(id), array_agg(octet_length(pdq) / 32), string_agg(pdq, ''::bytea),
           {
    ", ".join(
        f"string_agg(coalesce(substring({name} FROM 1 FOR 8), {NO_HEAD}), ''::bytea)"
        for name in DIGESTS
    )
}
      FROM (SELECT kept.*
              FROM matching_retainedhashes AS kept
              JOIN tenants_tenant AS tenant ON tenant.id = kept.tenant_id
              JOIN tenants_plan AS plan ON plan.id = tenant.plan_id
             WHERE kept.id > %s AND plan.lookback
               AND kept.created_at > %s - make_interval(days => tenant.retain_hashes_days)
             ORDER BY kept.id LIMIT %s) AS lot
"""  # noqa: S608 names of columns


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """Rows in the order of their keys: `rows` (n,); all their PDQ values (m, 32), and by
    `rows_of_pdq` (m,) whose each is; `heads`, the first 8 bytes of each digest (n,), 0 for none."""

    rows: NDArray[np.int64]
    pdq: NDArray[np.uint8]
    rows_of_pdq: NDArray[np.int64]
    heads: dict[str, NDArray[np.uint64]]

    @property
    def last(self) -> int:
        return int(self.rows[-1])


def read_lot(*, after: int, now: datetime.datetime) -> Lot | None:
    """The next rows behind the one with key `after`; None when there are none."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [after, now, LOT])
        keys, counts, pdq, *heads = cursor.fetchone() or [None]
    if keys is None:
        return None
    rows = np.array(keys, np.int64)
    return Lot(
        rows=rows,
        pdq=np.frombuffer(bytes(pdq), np.uint8).reshape(-1, 32),
        rows_of_pdq=np.repeat(rows, counts),
        heads={
            name: np.frombuffer(bytes(head), np.uint64)
            for name, head in zip(DIGESTS, heads, strict=True)
        },
    )
