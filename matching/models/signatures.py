"""Local signatures of entries, encrypted, and the pieces of the index made from them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from matching.models.entries import HashEntry


class LocalSegment(models.Model):
    """An immutable piece of the index of local signatures, published by this very row.

    Pieces that grew too many are replaced by a larger one; their rows stay.
    """

    directory = models.CharField(max_length=80, unique=True)
    signatures = models.PositiveBigIntegerField()
    built_at = models.DateTimeField(db_default=Now(), editable=False)
    replaced_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["id"], name="segment_in_use", condition=Q(replaced_at=None))
        ]

    def __str__(self) -> str:
        return self.directory


class LocalSignature(models.Model):
    """What parts of a listed picture are known by; as sensitive as the picture.

    A row is never changed but for its segment. Another signature of the same entry is another row
    with another key, so that no index can mistake the one for the other.
    """

    entry = models.OneToOneField(HashEntry, models.PROTECT, related_name="local_signature")
    format_version = models.PositiveSmallIntegerField()
    sealed = models.BinaryField(help_text="Encrypted; see matching/partial/sealing.py.")
    segment = models.ForeignKey(
        LocalSegment, models.PROTECT, null=True, related_name="held", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["segment"], name="signature_of_segment"),
            models.Index(fields=["id"], name="signature_waiting", condition=Q(segment=None)),
        ]

    def __str__(self) -> str:
        return f"signature of {self.entry_id}"
