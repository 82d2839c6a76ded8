"""Batches: what was accepted is rows, and the rows are the queue."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.leased import Leased
from matching.models.lists import ListKind
from tenants.models import Tenant, new_id


class Batch(models.Model):
    """Many items handed over at once. `spool_key` opens its spooled images while there are any."""

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "bat"))
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="batches")
    key_id = models.CharField(max_length=12)
    environment = models.CharField(max_length=4, choices=ListKind.choices)
    enhance = models.BooleanField(default=False)
    total = models.PositiveIntegerField()
    spool_key = models.BinaryField(max_length=32, null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["tenant", "-id"], name="batch_of_tenant"),
            models.Index(
                fields=["id"], name="batch_unfinished", condition=Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class BatchLot(Leased):
    """Some items of a batch, worked on together and finished in one transaction.

    `items` is what was asked, in order; `results` names each one's submission or error.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="lots")
    number = models.PositiveIntegerField()
    size = models.PositiveSmallIntegerField()
    items = models.JSONField()
    results = models.JSONField(null=True)
    matched = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="lot_once_a_batch"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) ^ Q(results__isnull=False),
                name="lot_done_has_results",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch", "number"], name="lot_waiting", condition=Q(done_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"
