"""What takes two people: one proposes, another decides."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from tenants.models.identifiers import new_id
from tenants.models.tenant import Tenant


class ProposedAct(models.TextChoices):
    """What can be proposed."""

    PURGE = "submissions.purge", "purge submissions that are older than the retention period"
    DESTROY_CONTENT_KEY = "content_key.destroy", "destroy the key that links files to the log"


class Proposal(models.Model):
    """An act that can not be undone, waiting for a second person or decided by one."""

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "pro"))
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="proposals")
    act = models.CharField(max_length=20, choices=ProposedAct)
    terms = models.JSONField(default=dict, help_text="What exactly would be done.")
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)
    outcome = models.JSONField(default=dict, help_text="What came of it.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="proposal_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, approved=None)
                | Q(decided_by__isnull=False, approved__isnull=False),
                name="proposal_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} ({self.public_id})"
