"""What a tenant's owners are told of by themselves."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from tenants.models.api_key import Environment
from tenants.models.tenant import Tenant


class NoticeKind(models.TextChoices):
    KEY_EXPIRING = "key.expiring", "A key ends soon."
    KEY_LEAKED = "key.leaked", "A key was found where it should not be, and revoked."
    QUOTA_REACHED = "quota.reached", "The month's quota is used up, or nearly so."
    WEBHOOK_DISABLED = "webhook.disabled", "A webhook was switched off: nobody answered."


class Notice(models.Model):
    """One thing that owners are told once: `subject` names it, e-mail follows by schedule."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="notices")
    environment = models.CharField(max_length=4, choices=Environment)
    kind = models.CharField(max_length=20, choices=NoticeKind)
    subject = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "subject"], name="one_notice_a_subject"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(mailed_at=None), name="notices_to_be_mailed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
