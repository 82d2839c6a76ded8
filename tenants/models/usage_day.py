"""Daily counters of a tenant."""

from __future__ import annotations

from django.db import models

from tenants.models.api_key import Environment
from tenants.models.tenant import Tenant


class UsageDay(models.Model):
    """What one tenant used on one UTC day, live and test apart.

    `matches` counts submissions with that verdict; the three kinds count what was found in them.

    `units` is what was charged to the month's quota.

    A day is spread over several rows (`slot`), which readers add up: calls that run at the same
    time would otherwise wait in line for one row.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="usage_days")
    environment = models.CharField(max_length=4, choices=Environment)
    day = models.DateField()
    slot = models.PositiveSmallIntegerField()
    submissions = models.PositiveBigIntegerField(default=0, db_default=0)
    matches = models.PositiveBigIntegerField(default=0, db_default=0)
    matches_exact = models.PositiveBigIntegerField(default=0, db_default=0)
    matches_near = models.PositiveBigIntegerField(default=0, db_default=0)
    matches_partial = models.PositiveBigIntegerField(default=0, db_default=0)
    not_checked = models.PositiveBigIntegerField(default=0, db_default=0)
    errors = models.PositiveBigIntegerField(default=0, db_default=0)
    rejected = models.PositiveBigIntegerField(default=0, db_default=0)
    bytes = models.PositiveBigIntegerField(default=0, db_default=0)
    units = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "environment", "day", "slot"], name="one_usage_row_a_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tenant} on {self.day} ({self.environment})"
