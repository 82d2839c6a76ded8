"""Hashes of submissions kept for lookback, and how far lookback has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.lists import ListKind
from matching.models.submissions import Submission
from tenants.models import Tenant


class RetainedHashes(models.Model):
    """What a submission was looked up by, for tenants that chose to keep it. Never an image.

    Written by requests, read by lookback alone: no tenant's statement sees a row of this table.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, db_index=False, related_name="+")
    submission = models.OneToOneField(
        Submission, models.CASCADE, to_field="public_id", related_name="+"
    )
    environment = models.CharField(max_length=4, choices=ListKind.choices)
    md5 = models.BinaryField(max_length=16, null=True)
    sha1 = models.BinaryField(max_length=20, null=True)
    sha256 = models.BinaryField(max_length=32, null=True)
    pdq = models.BinaryField(help_text="32 bytes for every rotation, mirroring and frame.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "retained hashes"
        indexes = [models.Index(fields=["tenant", "created_at"], name="retained_by_age")]

    def __str__(self) -> str:
        return f"hashes of {self.submission_id}"


class LookbackRun(models.Model):
    """What changed in the lists after `from_version`, up to `to_version`, taken back in time.

    The run is one row: whoever works on it holds a lease and a fence, and each step commits with
    how far it came, so that a killed run goes on where it was.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        FINISHED = "finished", "finished"

    from_version = models.BigIntegerField()
    to_version = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    begins_at = models.DateTimeField(
        help_text="Not before: what was judged by the lists of before has been written by then."
    )
    retained_cursor = models.BigIntegerField(default=0, help_text="Retained hashes looked at.")
    match_cursor = models.BigIntegerField(default=0, help_text="Matches looked at.")
    checked = models.PositiveBigIntegerField(default=0, help_text="Submissions compared.")
    matched = models.PositiveBigIntegerField(default=0)
    withdrawn = models.PositiveBigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="waiting"), name="one_waiting_lookback"
            ),
            models.UniqueConstraint(fields=["from_version"], name="one_lookback_a_change"),
        ]

    def __str__(self) -> str:
        return f"lookback {self.from_version}-{self.to_version}"
