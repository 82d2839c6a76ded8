"""Reports to the CyberTipline, and where each of them stands."""

from __future__ import annotations

import datetime
from functools import partial

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.submissions import Match
from tenants.models import Tenant, new_id

RETRIED_FOR = datetime.timedelta(days=30)


class TipState(models.TextChoices):
    DRAFT = "draft", "prepared and checked; not sent"
    QUEUED = "queued", "to be sent"
    SENT = "sent", "received by the CyberTipline"
    FAILED = "failed", "refused, or given up"


class CyberTip(models.Model):
    """A report of one match. The row is the queue: it is sent when `next_attempt_at` is due.

    `attempts` is the fencing token: whoever claims the row counts it up, and only the latest
    claimant may write what came of it.
    """

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "tip"))
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="cybertips")
    match = models.ForeignKey(Match, models.PROTECT, related_name="cybertips")
    state = models.CharField(max_length=6, choices=TipState.choices, default=TipState.DRAFT)
    document = models.TextField(help_text="The report as XML: words and numbers, never a file.")
    reference = models.CharField(
        max_length=40, blank=True, help_text="The CyberTipline's number of the report."
    )
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    queued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="tips_to_send", condition=Q(state="queued")
            ),
            models.Index(fields=["tenant", "-id"], name="tip_of_tenant"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["match"],
                name="one_tip_a_match",
                condition=Q(state__in=["queued", "sent"]),
            )
        ]

    def __str__(self) -> str:
        return self.public_id
