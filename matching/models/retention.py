"""How long records of submissions are kept, and what must not be purged meanwhile."""

from __future__ import annotations

from functools import partial

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.submissions import Submission
from tenants.models import Tenant, new_id


class RecordKind(models.TextChoices):
    MATCHED = "matched", "submissions that matched"
    UNMATCHED = "unmatched", "submissions that matched nothing, or were not checked"


class RetentionPeriod(models.Model):
    """After how many days a tenant's records of one kind may be purged. Without one: never."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="retention_periods")
    kind = models.CharField(max_length=9, choices=RecordKind.choices)
    days = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind"], name="one_period_a_kind"),
            models.CheckConstraint(condition=Q(days__gte=1), name="period_is_a_day_at_least"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.days} days"


class Hold(models.Model):
    """A submission that is not purged before `until`, whatever the period, unless released."""

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "hld"))
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="holds")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=500)
    reference = models.CharField(
        max_length=100, blank=True, help_text="A case number, or the number of a report."
    )
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    until = models.DateTimeField()
    released_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.submission} until {self.until:%Y-%m-%d}"
