"""Rows that are a queue: what a worker holds, and until when."""

from __future__ import annotations

from django.db import models


class Leased(models.Model):
    """A worker holds the row until `lease_until`.

    `fence` is drawn anew with each lease, so that one who lost it can write nothing.
    """

    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    fence = models.UUIDField(null=True)

    class Meta:
        abstract = True
