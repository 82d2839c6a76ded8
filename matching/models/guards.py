"""What keeps lists honest: canaries that must never match, and matches of lists on probation."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from matching.models.entries import HashEntry
from matching.models.submissions import MatchType, Submission
from tenants.models import Tenant


class Canary(models.Model):
    """An ordinary picture that no live list may match. The picture itself is not kept."""

    name = models.CharField(max_length=200, unique=True)
    md5 = models.BinaryField(max_length=16)
    sha1 = models.BinaryField(max_length=20)
    sha256 = models.BinaryField(max_length=32)
    pdq = models.BinaryField(help_text="PDQ values of its usual edits, 32 bytes each.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "canaries"

    def __str__(self) -> str:
        return self.name


class ShadowMatch(models.Model):
    """What a submission would have matched, were the list active. No answer tells of it."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    submission = models.ForeignKey(
        Submission, models.PROTECT, to_field="public_id", related_name="+"
    )
    entry = models.ForeignKey(HashEntry, models.PROTECT, related_name="shadow_matches")
    match_type = models.CharField(max_length=7, choices=MatchType.choices)
    distance = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "shadow matches"

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.entry_id}"


class GuardCheck(models.Model):
    """When a guard last looked at everything, and at which lists version."""

    name = models.CharField(max_length=20, unique=True)
    checked_at = models.DateTimeField()
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name
