"""Reports that are made on schedule, and what was counted for them."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from matching.models.lists import ListKind
from tenants.models import Tenant, new_id


class ReportState(models.TextChoices):
    DUE = "due", "to be counted"
    MADE = "made", "counted; to be sent"
    SENT = "sent", "sent"


class PeriodReport(models.Model):
    """The figures of one tenant and month. The row is the queue: worked off while it is not sent.

    `figures` holds all that is printed, the signed checkpoint included, so the PDF can be made
    again at any time, byte for byte. `attempts` is the fencing token of who claimed the row last.
    """

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "rep"))
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="period_reports")
    environment = models.CharField(max_length=4, choices=ListKind.choices)
    first_day = models.DateField()
    last_day = models.DateField()
    state = models.CharField(max_length=4, choices=ReportState.choices, default=ReportState.DUE)
    figures = models.JSONField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    made_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-first_day", "-id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="reports_to_work_off",
                condition=Q(state__in=["due", "made"]),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "environment", "first_day", "last_day"],
                name="one_report_a_period",
            ),
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")), name="report_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(state="due") ^ Q(figures__isnull=False), name="made_report_has_figures"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}, {self.first_day} to {self.last_day}"
