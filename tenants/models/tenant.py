"""Customers, what they pay for, and the people who act for them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from tenants.models.identifiers import new_content_key, new_tenant_id

LONGEST_RETENTION_DAYS = 365


class Plan(models.Model):
    """What a tenant may use. Plans are data: the four rows come from a migration."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    requests_per_minute = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Lasting rate in units, live and test apart."
    )
    burst = models.PositiveIntegerField(
        validators=[MinValueValidator(1)],
        help_text="Units that may be spent at once after a quiet time.",
    )
    concurrent_requests = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Calls that may run at the same time; empty means no limit.",
    )
    monthly_quota = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Units in a calendar month (UTC); empty means no limit."
    )
    url_matching = models.BooleanField(
        default=False, help_text="May submit addresses for the service to fetch."
    )
    lookback = models.BooleanField(
        default=False, help_text="May have hashes of submissions kept and matched again later."
    )

    class Meta:
        ordering = ["requests_per_minute", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(requests_per_minute__gte=1, burst__gte=1),
                name="plan_admits_something",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Enhancement(models.TextChoices):
    """When the partial stage runs: crops, free rotations, collages."""

    OFF = "off", "not unless the call asks for it"
    INLINE = "inline", "before the answer"
    ASYNC = "async", "after the answer; what it finds is told by webhook"


class Tenant(models.Model):
    """One customer. Everything a customer owns points here; nothing of it is ever shared."""

    public_id = models.CharField(max_length=40, unique=True, default=new_tenant_id, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="tenants")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    is_active = models.BooleanField(
        default=True, help_text="Keys of an inactive tenant are refused at once."
    )
    strict_mode = models.BooleanField(
        default=False, help_text="Answer what could not be checked with an error."
    )
    enhance_by_default = models.CharField(
        max_length=6,
        choices=Enhancement,
        default=Enhancement.OFF,
        help_text="When parts of listed images are searched for, unless the call says otherwise.",
    )
    retain_hashes_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(LONGEST_RETENTION_DAYS)],
        help_text="Days hashes of submissions are kept for lookback; 0 keeps none.",
    )
    content_key = models.BinaryField(
        max_length=32,
        null=True,
        default=new_content_key,
        editable=False,
        help_text="Links files to the audit log; destroying it cuts that link for good.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(enhance_by_default__in=Enhancement.values),
                name="tenant_enhancement_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(retain_hashes_days__lte=LONGEST_RETENTION_DAYS),
                name="tenant_retention_is_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def hashes_kept_days(self) -> int:
        """Days for which hashes of a new submission are kept: none without lookback in the plan."""
        return self.retain_hashes_days if self.plan.lookback else 0


class Role(models.TextChoices):
    """What a member may do in the portal."""

    OWNER = "owner"
    DEVELOPER = "developer"
    COMPLIANCE = "compliance"


class Membership(models.Model):
    """A person acting for a tenant."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["tenant", "user"]
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="one_membership_a_person"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}, {self.tenant})"
