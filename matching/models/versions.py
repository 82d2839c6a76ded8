"""The version of all lists together, and the index files built from it."""

from __future__ import annotations

import datetime
from functools import lru_cache

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils import timezone


class ListsVersionManager(models.Manager["ListsVersion"]):
    def current(self) -> ListsVersion:
        return self.get()

    def advance(self) -> int:
        """Count one change of the lists, inside the caller's transaction.

        The row stays locked until that transaction ends, so versions are given out in the order
        in which changes commit, without gaps: a reader that has seen version n has missed nothing
        up to n. (A sequence would not do: its numbers become visible out of order.)
        """
        self.update(version=F("version") + 1, changed_at=timezone.now())
        return self.get().version


class ListsVersion(models.Model):
    """A single row: how often the lists changed, and which snapshot is the published one."""

    version = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField()
    snapshot = models.ForeignKey("Snapshot", models.PROTECT, null=True, related_name="+")
    stopped = ArrayField(
        models.CharField(max_length=8),
        default=list,
        help_text="Signal types that nothing is matched by, or all.",
    )

    objects = ListsVersionManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="lists_version_single_row"),
        ]

    def __str__(self) -> str:
        return str(self.version)

    @property
    def label(self) -> str:
        """What tenants see: the moment of the last change, which tells nothing about sizes."""
        return _label(self.changed_at)


@lru_cache(maxsize=16)  # each answer tells it twice, and it seldom changes
def _label(changed_at: datetime.datetime) -> str:
    return changed_at.strftime("%Y%m%dT%H%M%S.%fZ")


class Snapshot(models.Model):
    """An immutable set of index files: every searchable PDQ of lists version `version`."""

    version = models.BigIntegerField()
    directory = models.CharField(max_length=100, unique=True)
    hashes = models.BigIntegerField(help_text="Distinct PDQ hashes.")
    built_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.directory
