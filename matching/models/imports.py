"""Imports: the rows are the queue, and what is left of each when it ended."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ImportRun(models.Model):
    """One import of a file into a list: waiting, under way, or what became of it.

    A run without a `path` is carried out by whoever opened it. `fence` grows with every worker that
    takes the run up: one that was thought dead and comes back finds another number, and stops.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        CHECKED = "checked", "checked"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    hash_list = models.ForeignKey("HashList", models.PROTECT, related_name="imports")
    format = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    mapping = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    dry_run = models.BooleanField(default=False, help_text="Only compare; change nothing.")
    path = models.CharField(max_length=500, blank=True, editable=False)
    file_is_ours = models.BooleanField(default=False, editable=False)
    bytes_total = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    added = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    retired = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    notes = models.JSONField(default=dict, blank=True, help_text="What was left out, counted.")
    preview = models.JSONField(default=list, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("approve_importrun", "Can approve all entries of an import that others ran"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")),
                name="import_needs_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["leased_until"],
                name="import_to_be_done",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} into {self.hash_list}"

    @property
    def percent(self) -> int:
        """How much of the file was read."""
        return 100 * self.bytes_read // self.bytes_total if self.bytes_total else 0


class ImportRefusal(models.Model):
    """One record of an import that gave no entry. The reason never repeats what it holds."""

    import_run = models.ForeignKey(ImportRun, models.CASCADE, related_name="refusals")
    number = models.BigIntegerField(help_text="Line or record, from 1.")
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["import_run", "number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason}"
