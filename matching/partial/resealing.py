"""Seal signatures anew under the key in use, so that the one before can be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from matching.models import LocalSignature
from matching.partial.rows import READ_AT_ONCE
from matching.partial.sealing import SignatureUnreadable, is_current, opened, seal
from tenants.audit.record import Actor, record

COLUMNS: Final = ("pk", "sealed", "entry__hash_list_id", "entry__identity")


@dataclass(slots=True)
class Resealed:
    """How many signatures there are, were sealed anew, and can be read under neither key."""

    seen: int = 0
    changed: int = 0
    unreadable: int = 0


def reseal_signatures(
    *, actor: Actor, progress: Callable[[int], object] = lambda _: None
) -> Resealed:
    """Seal what is under the previous key under the present one, a thousand rows a transaction.

    Repeat it if it was interrupted. `progress` gets the rows of each step. Signatures that neither
    key opens are left as they are and counted.
    """
    total = Resealed()
    pks = list(LocalSignature.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), READ_AT_ONCE):
        some = pks[start : start + READ_AT_ONCE]
        _reseal(some, total)
        progress(len(some))
    record(
        action="signature.resealed",
        actor=actor,
        data={"changed": total.changed, "unreadable": total.unreadable},
    )
    return total


@transaction.atomic
def _reseal(pks: list[int], total: Resealed) -> None:
    rows = LocalSignature.objects.select_for_update(of=("self",)).filter(pk__in=pks)
    for pk, sealed, hash_list, identity in rows.values_list(*COLUMNS):
        total.seen += 1
        if is_current(bytes(sealed), hash_list=hash_list, identity=identity):
            continue
        try:
            signature = opened(bytes(sealed), hash_list=hash_list, identity=identity)
        except SignatureUnreadable:
            total.unreadable += 1
            continue
        anew = seal(signature, hash_list=hash_list, identity=identity)
        LocalSignature.objects.filter(pk=pk).update(sealed=anew)
        total.changed += 1
