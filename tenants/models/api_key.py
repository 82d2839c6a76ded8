"""API keys as stored: the public half and a digest, never the secret."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tenants.models.tenant import Tenant


class Environment(models.TextChoices):
    """Test keys match against test lists only and never count in live figures."""

    LIVE = "live"
    TEST = "test"


class KeyStatus(models.TextChoices):
    """Where a key stands in its life."""

    ACTIVE = "active"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ApiKey(models.Model):
    """A key of one tenant, looked up by `key_id`, proven by `secret_digest`."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="api_keys")
    key_id = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    environment = models.CharField(max_length=4, choices=Environment)
    secret_digest = models.BinaryField(
        max_length=32, help_text="HMAC-SHA-256 of the whole key under the pepper."
    )
    pepper_version = models.PositiveSmallIntegerField()
    scopes = ArrayField(models.CharField(max_length=40))
    allowed_networks = ArrayField(
        models.CharField(max_length=43), default=list, blank=True, help_text="Empty: from anywhere."
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of the tenant's rate; empty: all of it."
    )
    burst = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of the tenant's burst; empty: all of it."
    )
    monthly_quota = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Of the tenant's units a month; empty: all of them."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    not_before = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    successor = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="predecessor"
    )
    last_used_at = models.DateTimeField(
        null=True, blank=True, help_text="True to the minute: not written at every call."
    )

    # No columns: what was read in one statement with it, and when (see `tenants.keys.alongside`).
    along: Mapping[type[models.Model], models.Model] = MappingProxyType({})
    looked_up_at = 0.0  # by `time.monotonic`

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(environment__in=Environment.values),
                name="api_key_environment_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(requests_per_minute__isnull=True)
                | models.Q(requests_per_minute__gte=1),
                name="api_key_rate_admits_something",
            ),
            models.CheckConstraint(
                condition=models.Q(burst__isnull=True) | models.Q(burst__gte=1),
                name="api_key_burst_admits_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"

    @property
    def has_limits(self) -> bool:
        """Whether it may spend less than its tenant."""
        return any(
            limit is not None
            for limit in (self.requests_per_minute, self.burst, self.monthly_quota)
        )

    def status_at(self, moment: datetime.datetime) -> KeyStatus:
        """The key's standing at `moment`; revocation outweighs the calendar."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if self.expires_at is not None and self.expires_at <= moment:
            return KeyStatus.EXPIRED
        if self.not_before is not None and moment < self.not_before:
            return KeyStatus.NOT_YET_VALID
        return KeyStatus.ACTIVE
