"""What starts something: proposed by one curator, approved by another.

PostgreSQL itself takes no list, threshold, entry or signal type into force again without an
approved decision that says exactly that, and uses each decision once (see the migration
`two_people`).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from matching.models.entries import HashEntry
from matching.models.lists import HashList

EVERYTHING = "all"  # what can be stopped: this, and every signal type


class DecisionState(models.TextChoices):
    OPEN = "open", "open"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"


class Decided(models.TextChoices):
    """Which column of the subject is to change."""

    STATE = "state", "state"
    PDQ_THRESHOLD = "pdq_threshold", "PDQ threshold"
    STOPPED = "stopped", "stopped"


class Decision(models.Model):
    """`field` of one list, entry or signal type is to go from `before` to `after`."""

    hash_list = models.ForeignKey(HashList, models.PROTECT, null=True, related_name="decisions")
    entry = models.ForeignKey(HashEntry, models.PROTECT, null=True, related_name="decisions")
    signal = models.CharField(max_length=8, blank=True)
    field = models.CharField(max_length=13, choices=Decided.choices)
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    reason = models.CharField(max_length=500)
    state = models.CharField(
        max_length=8, choices=DecisionState.choices, default=DecisionState.OPEN
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    remark = models.CharField(max_length=500, blank=True, help_text="Of whoever decided.")
    applied_at = models.DateTimeField(null=True)

    never_deleted = True

    class Meta:
        permissions = [("approve_decision", "Can approve what another curator proposed")]
        indexes = [models.Index(fields=["state", "-id"], name="decision_in_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=DecisionState.APPROVED) | ~Q(decided_by=F("proposed_by")),
                name="decision_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state=DecisionState.OPEN) ^ Q(decided_by__isnull=False),
                name="decision_made_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(hash_list__isnull=False, entry=None, signal="")
                | Q(hash_list=None, entry__isnull=False, signal="")
                | (Q(hash_list=None, entry=None) & ~Q(signal="")),
                name="decision_has_one_subject",
            ),
            models.UniqueConstraint(
                fields=["hash_list", "entry", "signal", "field"],
                condition=Q(state=DecisionState.OPEN),
                nulls_distinct=False,
                name="one_open_decision_a_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_field_display()} {self.before} → {self.after}"

    @property
    def subject(self) -> str:
        """What it is about, as the audit log names it."""
        if self.hash_list is not None:
            return f"list:{self.hash_list.slug}"
        return f"entry:{self.entry_id}" if self.entry_id else f"signal:{self.signal}"
