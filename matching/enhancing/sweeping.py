"""What nobody finished, and bytes that nobody will ask for."""

from __future__ import annotations

from typing import Final

from matching import spool
from matching.models import WaitingImage

PREFIX: Final = "sub_"
ABANDONED_AFTER_SECONDS: Final = 120
"""Longer than any request takes from spooling an image to its commit."""


def sweep() -> bool:
    """Remove what was spooled for answers that were never committed; whether images wait."""
    old = spool.names(prefix=PREFIX, older_than_seconds=ABANDONED_AFTER_SECONDS)
    rows = WaitingImage.objects.filter(submission__public_id__in=old)
    waiting = set(rows.values_list("submission__public_id", flat=True))
    for name in old:
        if name not in waiting:
            spool.forget(name)
    return WaitingImage.objects.exists()
