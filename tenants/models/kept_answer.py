"""Answers kept for callers who ask again."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models.functions import Now

from tenants.models.tenant import Tenant

KEPT_FOR = datetime.timedelta(hours=24)


class KeptAnswer(models.Model):
    """The answer to a POST with an `Idempotency-Key`, written in the transaction of its effect.

    `call_digest` stands for environment, route and key; `payload_digest` for all that was sent.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="kept_answers")
    call_digest = models.BinaryField(max_length=32)
    payload_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=100)
    sealed_body = models.BinaryField(help_text="Encrypted: an answer may hold a new key's secret.")
    expires_at = models.DateTimeField(db_default=Now() + KEPT_FOR, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call_digest"], name="one_answer_a_call")
        ]

    def __str__(self) -> str:
        return f"{self.status} for {self.tenant}"
