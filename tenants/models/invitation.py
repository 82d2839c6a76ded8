"""How people come in: by an invitation, or by asking for one."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from tenants.models.tenant import Role, Tenant

INVITATION_LASTS = datetime.timedelta(days=7)


class Invitation(models.Model):
    """A seat in a tenant's team, held for whoever reads the mail of one address.

    The link holds 256 random bits; here stands their SHA-256 alone.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role)
    token_digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_default=Now() + INVITATION_LASTS)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.email} ({self.role}, {self.tenant})"


class SignUpRequest(models.Model):
    """Somebody would like to use the service; an operator decides."""

    class State(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        DECLINED = "declined"

    email = models.EmailField()
    company = models.CharField(max_length=120)
    message = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(state="waiting"),
                name="one_waiting_request_an_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.company} ({self.email})"
