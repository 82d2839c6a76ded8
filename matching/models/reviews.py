"""What tenants say of matches, and what waits for a curator's judgement."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.entries import HashEntry
from matching.models.submissions import Match, Submission
from tenants.models import Tenant

LONGEST_NOTE = 2_000


class FeedbackVerdict(models.TextChoices):
    CONFIRMED = "confirmed", "confirmed"
    FALSE_POSITIVE = "false_positive", "false positive"


class Feedback(models.Model):
    """What a tenant says of a match: one row a match, the latest word counts.

    What was said before stands in the audit log.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="feedback")
    match = models.OneToOneField(Match, models.PROTECT, related_name="feedback")
    verdict = models.CharField(max_length=14, choices=FeedbackVerdict.choices)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "feedback"
        indexes = [models.Index(fields=["tenant", "-id"], name="feedback_of_tenant")]

    def __str__(self) -> str:
        return f"{self.match}: {self.verdict}"


class ReviewKind(models.TextChoices):
    """Why something is put before the curators."""

    FEEDBACK = "feedback", "feedback"
    PARTIAL = "partial", "partial match in the review band"
    GUARD = "guard", "guard alarm"


class ReviewState(models.TextChoices):
    OPEN = "open", "open"
    UPHELD = "upheld", "upheld"
    REJECTED = "rejected", "rejected"


class ReviewItem(models.Model):
    """One thing to be judged: a tenant's feedback, a partial match that was too weak to answer,
    or an entry that a guard stopped. Curators alone see any of it.
    """

    kind = models.CharField(max_length=8, choices=ReviewKind.choices)
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="+")
    # By its public id, which is known before the row is: both are written in one statement.
    submission = models.ForeignKey(
        Submission, models.PROTECT, to_field="public_id", null=True, related_name="+"
    )
    entry = models.ForeignKey(HashEntry, models.PROTECT, null=True, related_name="reviews")
    feedback = models.OneToOneField(Feedback, models.PROTECT, null=True, related_name="review")
    evidence = models.JSONField(
        default=dict, help_text="What was measured: never an image, never a perceptual hash."
    )
    state = models.CharField(
        max_length=8, choices=ReviewState.choices, default=ReviewState.OPEN, editable=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    reason = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        permissions = [("decide_reviewitem", "Can uphold and reject what waits for review")]
        indexes = [
            models.Index(fields=["state", "-id"], name="review_in_state"),
            models.Index(fields=["tenant", "-id"], name="review_of_tenant"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ReviewState.OPEN) ^ Q(decided_by__isnull=False),
                name="review_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ReviewKind.FEEDBACK) | Q(feedback__isnull=False),
                name="review_of_feedback_has_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
