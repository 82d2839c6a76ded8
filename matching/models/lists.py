"""Hash lists: who vouches for the entries, for whom they match, and how far they have come."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from matching.hashing import PDQ_RADIUS


class Violation(models.TextChoices):
    """What an entry shows: the industry's classification, plus two classes of our own."""

    A1 = "A1", "A1: prepubescent, sex act"
    A2 = "A2", "A2: prepubescent, lewd exhibition"
    B1 = "B1", "B1: pubescent, sex act"
    B2 = "B2", "B2: pubescent, lewd exhibition"
    HARMFUL = "harmful", "harmful: not illegal everywhere"
    TEST = "test", "test: a benign picture"


class ListKind(models.TextChoices):
    """`hs_live_` keys match against live lists, `hs_test_` keys against test lists."""

    LIVE = "live", "live"
    TEST = "test", "test"


class ListEffect(models.TextChoices):
    """What an entry of the list does to an answer."""

    MATCH = "match", "match: the image is known"
    NEVER = "never", "never match: the image is known to be harmless"


class ListState(models.TextChoices):
    """How far a list has come. Only shadow and active lists are looked at for an answer, and only
    active ones take part in it."""

    DRAFT = "draft", "draft"
    QUARANTINE = "quarantine", "quarantine"
    SHADOW = "shadow", "shadow"
    ACTIVE = "active", "active"
    SUSPENDED = "suspended", "suspended"
    RETIRED = "retired", "retired"


class Visibility(models.TextChoices):
    ALL = "all", "all tenants"
    SOME = "some", "the plans and tenants named"


class HashList(models.Model):
    """A source of hash entries, for example NCMEC or a list of our own."""

    slug = models.SlugField(unique=True)
    source = models.CharField(max_length=80, help_text="Shown to tenants with every match.")
    kind = models.CharField(max_length=4, choices=ListKind.choices)
    effect = models.CharField(
        max_length=5,
        choices=ListEffect.choices,
        default=ListEffect.MATCH,
        help_text="Whether its entries are matches, or take matches back.",
    )
    state = models.CharField(
        max_length=10, choices=ListState.choices, default=ListState.DRAFT, editable=False
    )
    state_before = models.CharField(max_length=10, blank=True, editable=False)
    state_changed_at = models.DateTimeField(null=True, editable=False)
    state_reason = models.CharField("reason", max_length=500, blank=True, editable=False)
    violation = models.CharField(
        max_length=7,
        choices=Violation.choices,
        default=Violation.TEST,
        help_text="Of entries that name none of their own.",
    )
    jurisdiction = models.CharField(
        max_length=60, blank=True, help_text="Whose law the source judges by, for example US or EU."
    )
    pdq_threshold = models.PositiveSmallIntegerField(
        "PDQ threshold",
        default=PDQ_RADIUS,
        validators=[MaxValueValidator(PDQ_RADIUS)],
        help_text=f"Largest Hamming distance that is a near match, at most {PDQ_RADIUS}. "
        "A change takes a second curator.",
    )
    visibility = models.CharField(
        max_length=4, choices=Visibility.choices, default=Visibility.ALL, help_text="Who asks it."
    )
    visible_to_plans = ArrayField(models.SlugField(), default=list, blank=True)
    visible_to_tenants = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Their public ids."
    )
    fresh_for_days = models.PositiveSmallIntegerField(
        "freshness limit",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days after which a list that was not imported again raises an alarm.",
    )
    changed_version = models.BigIntegerField(
        default=0, editable=False, help_text="The lists version that last made it match more."
    )
    csv_mapping = models.JSONField(
        "CSV mapping",
        default=dict,
        blank=True,
        help_text="Which column of this list's CSV files is what; kept from the last import.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    never_deleted = True

    class Meta:
        ordering = ["slug"]
        permissions = [("suspend_hashlist", "Can suspend and retire hash lists")]
        constraints = [
            models.CheckConstraint(
                condition=Q(pdq_threshold__lte=PDQ_RADIUS), name="list_threshold_within_radius"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def answers(self) -> bool:
        """Whether entries found on it take part in the answer; those of a shadow are counted."""
        return self.state == ListState.ACTIVE

    def stale_since(self, refreshed_at: datetime.datetime | None) -> datetime.datetime | None:
        """When the freshness limit was or will be over, counted from the last import."""
        if self.fresh_for_days is None:
            return None
        return (refreshed_at or self.created_at) + datetime.timedelta(days=self.fresh_for_days)
