"""The audit log as a Merkle tree: which event stands where, and what was signed about it.

Every tenant has a log of its own; events without a tenant form the operator's log (`tenant` is
null). The tree is that of RFC 6962 (and 9162), one leaf for each event.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from tenants.models.audit_event import AuditEvent
from tenants.models.tenant import Tenant

HASH_BYTES = 32  # SHA-256


class AuditSeal(models.Model):
    """The place of an event in its log. Written by `tenants.audit.seal` alone."""

    append_only = True

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    sequence = models.PositiveBigIntegerField(help_text="Dense in every log, from 0.")
    leaf_hash = models.BinaryField(max_length=HASH_BYTES)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sequence"], name="one_seal_a_place", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {bytes(self.leaf_hash).hex()}"


class AuditNode(models.Model):
    """The hash over 256 complete neighbours one stored level below.

    With them a root or a proof needs at most 256 hashes of each stored level (8, 16, …), however
    long the log. A node of level n covers the 2^n leaves from `index * 2^n` on.
    """

    append_only = True

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hash = models.BinaryField(max_length=HASH_BYTES)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "level", "index"], name="one_node_a_place", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}: {bytes(self.hash).hex()}"


class Checkpoint(models.Model):
    """What was signed about a log: that it had this root at this size (C2SP tlog-checkpoint)."""

    append_only = True

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    size = models.PositiveBigIntegerField(help_text="Events in the log.")
    root_hash = models.BinaryField(max_length=HASH_BYTES)
    origin = models.CharField(max_length=200, help_text="The name the log has had ever since.")
    text = models.TextField(help_text="The signed note.")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "size"], name="one_checkpoint_a_size", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.origin} at {self.size}"

    @property
    def note(self) -> str:
        """The signed note, with the signatures of the witnesses that have seen it."""
        return self.text + "".join(f"{one.line}\n" for one in self.cosignatures.order_by("id"))


class Cosignature(models.Model):
    """That a witness has seen a checkpoint, consistent with all it saw before (C2SP tlog-witness).

    Whoever trusts the witness needs no checkpoint of their own from earlier.
    """

    append_only = True

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures", db_index=False
    )
    witness = models.CharField(max_length=200, help_text="Its name, as its key has it.")
    line = models.TextField(help_text="Its signature line for the note.")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness"], name="one_cosignature_a_witness"
            )
        ]

    def __str__(self) -> str:
        return f"{self.witness}: {self.checkpoint}"
