"""Hash lists: who vouches for the entries, and for whom they match."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
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


class ListState(models.TextChoices):
    ACTIVE = "active", "active"
    SUSPENDED = "suspended", "suspended"


class HashList(models.Model):
    """A source of hash entries, for example NCMEC or a list of our own."""

    slug = models.SlugField(unique=True)
    source = models.CharField(max_length=80, help_text="Shown to tenants with every match.")
    kind = models.CharField(max_length=4, choices=ListKind.choices)
    state = models.CharField(
        max_length=9, choices=ListState.choices, default=ListState.ACTIVE, editable=False
    )
    violation = models.CharField(
        max_length=7,
        choices=Violation.choices,
        default=Violation.TEST,
        help_text="Of entries that name none of their own.",
    )
    pdq_threshold = models.PositiveSmallIntegerField(
        "PDQ threshold",
        default=PDQ_RADIUS,
        validators=[MaxValueValidator(PDQ_RADIUS)],
        help_text=f"Largest Hamming distance that is a near match, at most {PDQ_RADIUS}.",
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

    class Meta:
        ordering = ["slug"]
        permissions = [("suspend_hashlist", "Can suspend and resume hash lists")]
        constraints = [
            models.CheckConstraint(
                condition=Q(pdq_threshold__lte=PDQ_RADIUS), name="list_threshold_within_radius"
            ),
        ]

    def __str__(self) -> str:
        return self.slug
