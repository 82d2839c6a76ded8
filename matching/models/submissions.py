"""What tenants submitted and what matched. No image, and no perceptual hash of one, is kept."""

from __future__ import annotations

from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.entries import HashEntry
from matching.models.lists import ListKind, Violation
from tenants.models import Tenant, new_id


class Verdict(models.TextChoices):
    MATCH = "match", "match"
    NO_KNOWN_MATCH = "no_known_match", "no known match"
    NOT_CHECKED = "not_checked", "not checked"


class MatchType(models.TextChoices):
    """How an entry was found, strongest first."""

    EXACT = "exact", "exact"
    NEAR = "near", "near"
    PARTIAL = "partial", "partial"


class Confidence(models.TextChoices):
    """What may be done with a partial match: act, or ask a person first."""

    ACCEPT = "accept", "accept"
    REVIEW = "review", "review"


class Submission(models.Model):
    """One image or hash item that a tenant asked about, and the verdict it got."""

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "sub"))
    tenant = models.ForeignKey(Tenant, models.PROTECT, db_index=False, related_name="submissions")
    key_id = models.CharField(max_length=12)
    environment = models.CharField(max_length=4, choices=ListKind.choices)
    content_id = models.CharField(max_length=256, blank=True)
    sha256 = models.BinaryField(max_length=32, null=True)
    verdict = models.CharField(max_length=14, choices=Verdict.choices)
    checked = ArrayField(models.CharField(max_length=7), default=list)
    not_checked_reason = models.CharField(max_length=40, blank=True)
    lists_version = models.BigIntegerField()
    lists_version_label = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    awaits_parts = models.BooleanField(
        default=False, db_default=False, help_text="The partial stage runs after the answer."
    )
    parts_sought_at = models.DateTimeField(
        null=True, help_text="When the partial stage ended that ran after the answer."
    )
    purged_at = models.DateTimeField(
        null=True, help_text="Since then it tells nothing of a file or a person any more."
    )

    class Meta:
        indexes = [models.Index(fields=["tenant", "-id"], name="submission_of_tenant")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict=Verdict.NOT_CHECKED) ^ Q(not_checked_reason=""),
                name="not_checked_has_a_reason",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def pending(self) -> list[str]:
        """The stages that have yet to run: until then the verdict says nothing about them."""
        return [MatchType.PARTIAL.value] if self.awaits_parts else []


class Match(models.Model):
    """A submission met an entry of a list. The distance is for curators and never leaves."""

    public_id = models.CharField(max_length=40, unique=True, default=partial(new_id, "mat"))
    tenant = models.ForeignKey(Tenant, models.PROTECT, db_index=False, related_name="matches")
    # By its public id, which is known before the row is: both are written in one statement.
    submission = models.ForeignKey(
        Submission, models.PROTECT, to_field="public_id", related_name="matches"
    )
    entry = models.ForeignKey(HashEntry, models.PROTECT, related_name="matches")
    list_slug = models.CharField(max_length=50)
    source = models.CharField(max_length=80)
    violation = models.CharField(max_length=7, choices=Violation.choices)
    match_type = models.CharField(max_length=7, choices=MatchType.choices)
    distance = models.PositiveSmallIntegerField(null=True)
    confidence = models.CharField(
        max_length=6, choices=Confidence.choices, blank=True, help_text="Of partial matches."
    )
    created_at = models.DateTimeField(db_default=Now(), null=True, editable=False)
    is_retroactive = models.BooleanField(
        db_default=False, help_text="Found later, by lookback: the entry was not in force then."
    )
    withdrawn_at = models.DateTimeField(null=True, help_text="When its entry turned out retired.")

    class Meta:
        verbose_name_plural = "matches"
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "entry"],
                condition=Q(is_retroactive=True),
                name="one_retroactive_match",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="match_of_tenant"),
            models.Index(fields=["created_at"], name="match_at"),
        ]

    def __str__(self) -> str:
        return self.public_id
