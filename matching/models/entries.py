"""Hash entries: the signals of one known image, and the two people behind each of them."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from matching.hashing import MIN_QUALITY, Signal, SignalType
from matching.models.imports import ImportRun
from matching.models.lists import HashList, ListEffect, ListState, Violation

SIGNAL_FIELDS = (
    SignalType.SHA256,
    SignalType.SHA1,
    SignalType.MD5,
    SignalType.PDQ,
    SignalType.PHOTODNA,
)
INDEXED_FIELDS = ("pdq", "pdq_trimmed", "sha256", "sha1", "md5")
TRUSTED_PDQ = Q(pdq_quality=None) | Q(pdq_quality__gte=MIN_QUALITY)
"""Whether an entry's PDQ is good enough to be searched for; `searched_pdq` says the same."""


Stored = bytes | memoryview | None


class EntryState(models.TextChoices):
    PENDING = "pending", "pending"
    ACTIVE = "active", "active"
    SUSPENDED = "suspended", "suspended"
    RETIRED = "retired", "retired"


def searched_pdq(pdq: Stored, quality: int | None, trimmed: Stored) -> list[bytes]:
    """Those of an entry's PDQ values that are good enough to be searched for."""
    trusted = quality is None or quality >= MIN_QUALITY
    return [bytes(value) for value in (pdq if trusted else None, trimmed) if value]


class HashEntryQuerySet(models.QuerySet["HashEntry"]):
    def in_force(self, kind: str) -> Self:
        """Entries that match right now for keys of this kind: the list's state counts too."""
        return self.filter(
            state=EntryState.ACTIVE,
            hash_list__state=ListState.ACTIVE,
            hash_list__kind=kind,
            hash_list__effect=ListEffect.MATCH,
        )

    def searchable(self) -> Self:
        """Entries that belong into the index: every one that is or may again be in force, but for
        those that carry nothing but a PhotoDNA value.
        """
        carried = (Q(**{f"{name}__isnull": False}) for name in INDEXED_FIELDS)
        return self.filter(
            Q(*carried, _connector=Q.OR), state__in=[EntryState.ACTIVE, EntryState.SUSPENDED]
        )


class HashEntry(models.Model):
    """One known image on one list; retired entries stay, with who, when and why."""

    # Its index is that of the constraint on list and identity. Here and where `db_constraint` says
    # so too, PostgreSQL holds the reference by triggers: see migration 0021.
    hash_list = models.ForeignKey(
        HashList, models.PROTECT, db_index=False, db_constraint=False, related_name="entries"
    )
    identity = models.CharField(
        max_length=160, editable=False, help_text="External id, or else the strongest signal."
    )
    external_id = models.CharField(max_length=150, blank=True)
    violation = models.CharField(max_length=7, choices=Violation.choices)
    state = models.CharField(
        max_length=9, choices=EntryState.choices, default=EntryState.PENDING, editable=False
    )
    md5 = models.BinaryField("MD5", max_length=16, null=True, editable=False)
    sha1 = models.BinaryField("SHA-1", max_length=20, null=True, editable=False)
    sha256 = models.BinaryField("SHA-256", max_length=32, null=True, editable=False)
    pdq = models.BinaryField("PDQ", max_length=32, null=True, editable=False)
    pdq_quality = models.PositiveSmallIntegerField("PDQ quality", null=True, editable=False)
    pdq_trimmed = models.BinaryField(
        "PDQ without borders",
        max_length=32,
        null=True,
        editable=False,
        help_text="Of pictures with plain borders; only of sufficient quality.",
    )
    photodna = models.BinaryField("PhotoDNA", max_length=144, null=True, editable=False)
    votes = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        editable=False,
        help_text="What other organisations say of it: affirmative and negative votes by signal.",
    )
    # Its index is that of the runs' entries in their states.
    import_run = models.ForeignKey(
        ImportRun,
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        editable=False,
        related_name="entries",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        editable=False,
        related_name="+",
    )
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,
        null=True,
        editable=False,
        related_name="+",
    )
    retired_at = models.DateTimeField(null=True, editable=False)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,
        null=True,
        editable=False,
        related_name="+",
    )
    is_false = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Retired because it was wrong: earlier matches with it are withdrawn.",
    )
    reason = models.CharField(
        max_length=500, blank=True, editable=False, help_text="Of the last change of state."
    )
    changed_version = models.BigIntegerField(
        default=0, editable=False, help_text="The lists version that last changed the state."
    )

    objects = HashEntryQuerySet.as_manager()
    never_deleted = True

    class Meta:
        verbose_name_plural = "hash entries"
        ordering = ["-pk"]
        permissions = [
            ("approve_hashentry", "Can approve and resume hash entries that others added"),
            ("suspend_hashentry", "Can suspend hash entries"),
            ("retire_hashentry", "Can retire hash entries"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["hash_list", "identity"], name="entry_once_per_list"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")),
                name="entry_needs_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=EntryState.ACTIVE) | Q(approved_by__isnull=False),
                name="active_entry_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(
                    *(Q(**{f"{name}__isnull": False}) for name in SIGNAL_FIELDS), _connector=Q.OR
                ),
                name="entry_has_a_signal",
            ),
        ]
        indexes = [
            *(
                models.Index(
                    fields=[name], name=f"entry_{name}", condition=Q(**{f"{name}__isnull": False})
                )
                for name in ("md5", "sha1", "sha256", "pdq", "pdq_trimmed")
            ),
            # Not of what waits: an import would pay for it with every row.
            models.Index(
                fields=["changed_version"],
                name="entry_changed_in_version",
                condition=Q(changed_version__gt=0),
            ),
            models.Index(fields=["state", "-id"], name="entry_state"),
            models.Index(fields=["hash_list", "state", "-id"], name="entry_of_list_in_state"),
            models.Index(fields=["import_run", "state", "-id"], name="entry_of_import_in_state"),
            models.Index(
                fields=["created_by"],
                name="entry_waiting_by_person",
                condition=Q(state=EntryState.PENDING),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or f"entry {self.pk}"

    @property
    def searched_pdq(self) -> list[bytes]:
        """The PDQ values that the index holds for this entry."""
        return searched_pdq(self.pdq, self.pdq_quality, self.pdq_trimmed)

    @property
    def signals(self) -> list[Signal]:
        """The signals that this entry carries, strongest first."""
        return [
            Signal(name, bytes(value), self.pdq_quality if name is SignalType.PDQ else None)
            for name in SIGNAL_FIELDS
            if (value := getattr(self, name)) is not None
        ]
