"""A witness: somebody else who signs our checkpoints, and none that takes back what it signed.

The protocol is C2SP tlog-witness: a checkpoint goes with the proof that it only adds to what the
witness saw last; the answer is a cosignature of the note. Without a witness, or while it does not
answer, the log goes on all the same.
"""

from __future__ import annotations

import base64
import logging
from typing import Final

from django.conf import settings

from tenants import outgoing
from tenants.audit import merkle
from tenants.audit.logs import Tree
from tenants.audit.verify import Unverifiable, cosigned_at, read_key
from tenants.models import Checkpoint, Cosignature, Tenant

SECONDS: Final = 10.0
MOST_BYTES: Final = 16 * 1024
CONFLICT: Final = 409  # "it saw another size last", which it tells

logger = logging.getLogger(__name__)


class NotCosigned(Exception):
    """The witness did not answer, or not with a good cosignature."""


def ask_witness() -> int:
    """Have the newest checkpoint of every log cosigned; returns how many were.

    What fails is tried again with the next checkpoint.
    """
    if not settings.AUDIT_WITNESS_URL:
        return 0
    cosigned = 0
    for checkpoint in _newest():
        try:
            cosigned += _cosign(checkpoint)
        except NotCosigned as error:
            logger.warning("no cosignature for %s: %s", checkpoint.origin, error)
    return cosigned


def _newest() -> list[Checkpoint]:
    """The newest checkpoint of each log, the operator's included."""
    logs: list[Tenant | None] = [None, *Tenant.objects.order_by("pk")]
    found = (Checkpoint.objects.filter(tenant=log).order_by("-size").first() for log in logs)
    return [checkpoint for checkpoint in found if checkpoint]


def _cosign(checkpoint: Checkpoint) -> bool:
    """Ask for one cosignature; False when it is there already."""
    witness, _, _ = read_key(settings.AUDIT_WITNESS_KEY, b"\x04")
    if checkpoint.cosignatures.filter(witness=witness).exists():
        return False
    answer = _asked(checkpoint, _seen(checkpoint, witness))
    if answer.status == CONFLICT and (size := answer.body.decode("ascii", "replace").strip()):
        if not size.isdecimal() or int(size) > checkpoint.size:
            raise NotCosigned(f"it says it saw {size[:20]} events")
        answer = _asked(checkpoint, int(size))
    if answer.status != 200:
        raise NotCosigned(f"status {answer.status}")
    line = answer.body.decode("utf8", "replace").strip("\n")
    try:
        cosigned_at(f"{checkpoint.text}{line}\n", settings.AUDIT_WITNESS_KEY)
    except Unverifiable as error:
        raise NotCosigned(str(error)) from error
    Cosignature.objects.create(
        tenant=checkpoint.tenant, checkpoint=checkpoint, witness=witness, line=line
    )
    return True


def _seen(checkpoint: Checkpoint, witness: str) -> int:
    """The size that the witness cosigned last, as far as we know."""
    cosigned = Checkpoint.objects.filter(
        tenant=checkpoint.tenant, cosignatures__witness=witness
    ).order_by("-size")
    return cosigned.values_list("size", flat=True).first() or 0


def _asked(checkpoint: Checkpoint, old: int) -> outgoing.Answer:
    tree = Tree(checkpoint.tenant)
    path = merkle.consistency_proof(tree.node, old=old, new=checkpoint.size) if old else []
    lines = [f"old {old}", *(base64.b64encode(node).decode() for node in path), ""]
    body = "\n".join([*lines, checkpoint.text])
    try:
        return outgoing.post(
            f"{settings.AUDIT_WITNESS_URL.rstrip('/')}/add-checkpoint",
            body=body.encode(),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            seconds=SECONDS,
            most_bytes=MOST_BYTES,
        )
    except (outgoing.AddressRefused, outgoing.NotReached, outgoing.AnswerTooLarge) as error:
        raise NotCosigned(str(error)) from error
