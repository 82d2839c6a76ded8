"""Exchanges: where other organisations give out their lists, and how far each was read."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

LATE_AFTER_POLLS: Final = 3


class ExchangeKind(models.TextChoices):
    NCMEC = "ncmec", "NCMEC hash sharing"
    STOPNCII = "stopncii", "StopNCII"


class Exchange(models.Model):
    """The remote source of one list. `cursor` moves in the transaction of the page it came with.

    Where it is and how to sign in is the operator's to say, in the settings.
    """

    hash_list = models.OneToOneField("HashList", models.PROTECT, related_name="exchange")
    kind = models.CharField(max_length=8, choices=ExchangeKind.choices)
    minutes = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(5)], help_text="Between two polls."
    )
    enabled = models.BooleanField(default=True)
    cursor = models.JSONField(default=dict, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)
    next_poll_at = models.DateTimeField(editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    succeeded_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["hash_list"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.hash_list}"

    @property
    def is_late(self) -> bool:
        """Whether several polls in a row brought nothing: the list is not fresh any more."""
        newest = self.succeeded_at or self.created_at
        late = timedelta(minutes=LATE_AFTER_POLLS * self.minutes)
        return self.enabled and newest + late < timezone.now()
