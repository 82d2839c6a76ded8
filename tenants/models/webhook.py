"""Where tenants want to be told of events, and what is still to be told: the rows are the queue."""

from __future__ import annotations

from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.models.api_key import Environment
from tenants.models.identifiers import new_id
from tenants.models.tenant import Tenant

LONGEST_URL = 2_048


class Signature(models.TextChoices):
    """How deliveries are signed, by the names that Standard Webhooks 1.0 gives."""

    HMAC = "v1", "v1: HMAC-SHA256 with a shared secret"
    ED25519 = "v1a", "v1a: Ed25519, verified by a public key"


class DisabledReason(models.TextChoices):
    """Why an endpoint is told of nothing."""

    BY_TENANT = "by_tenant", "switched off by the tenant"
    FAILING = "failing", "failed for as long as deliveries are tried"
    GONE = "gone", "answered 410 Gone"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "pending"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "failed"


class WebhookEndpoint(models.Model):
    """An address of a tenant that hears of the events it asked for, of one environment."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="webhooks")
    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "whe"))
    environment = models.CharField(max_length=4, choices=Environment)
    url = models.CharField("URL", max_length=LONGEST_URL)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=40))
    signature = models.CharField(max_length=3, choices=Signature, default=Signature.HMAC)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(
        max_length=9, choices=DisabledReason, blank=True, editable=False
    )
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text="The first failure after the last success."
    )
    failures = models.PositiveIntegerField(
        default=0, editable=False, help_text="Failed tries since the last success."
    )
    paused_until = models.DateTimeField(
        null=True, editable=False, help_text="Nothing is tried before, whatever is due."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(environment__in=Environment.values), name="webhook_environment_is_known"
            ),
            models.CheckConstraint(
                condition=Q(disabled_at=None) ^ ~Q(disabled_reason=""),
                name="disabled_webhook_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class WebhookSecret(models.Model):
    """A signing secret, encrypted. One without an end is current; others end with a rotation."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="secrets")
    sealed = models.BinaryField()
    pepper_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(expires_at=None), name="one_current_webhook_secret"
            )
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint}"


class WebhookDelivery(models.Model):
    """One event to be told to one endpoint. Written by `tenants.webhooks.enqueue` alone.

    Whoever tries it holds a lease until `leased_until`; `fence` grows with every lease, so that
    one who comes back too late can not write over what happened since.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    # Without a constraint: who removes an endpoint must not make a match fail that was to tell it.
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        models.CASCADE,
        db_index=False,
        db_constraint=False,
        related_name="deliveries",
    )
    public_id = models.CharField(max_length=40, unique=True)
    event_id = models.CharField(max_length=40, help_text="`webhook-id`, the same for every try.")
    event = models.CharField(max_length=40)
    body = models.TextField(help_text="What is sent, as it was signed first.")
    state = models.CharField(
        max_length=9, choices=DeliveryState, db_default=DeliveryState.PENDING.value
    )
    attempts = models.PositiveSmallIntegerField(
        db_default=0, help_text="Since it was enqueued, or asked for again."
    )
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_delivery_an_event"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.PENDING) ^ Q(finished_at__isnull=False),
                name="finished_delivery_has_a_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at", "id"],
                condition=Q(state=DeliveryState.PENDING),
                name="delivery_due",
            ),
            models.Index(
                fields=["leased_until"],
                condition=Q(leased_until__isnull=False),
                name="delivery_leased",
            ),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return self.public_id


class WebhookAttempt(models.Model):
    """One try, and how it ended. What the receiver answered is not kept, only its status."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status, if one came.")
    error = models.CharField(max_length=20, blank=True, help_text="Empty after a success.")
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.error or str(self.status)
