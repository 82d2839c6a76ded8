"""What the worker does for the project as a whole."""

from __future__ import annotations

from celery import shared_task

from hashservice.canaries import add_shipped_canaries


@shared_task(name="hashservice.add_shipped_canaries")  # type: ignore[untyped-decorator]
def shipped_canaries() -> int:
    """Make sure that the canaries the service brings along are there; tells how many are new."""
    return add_shipped_canaries()
