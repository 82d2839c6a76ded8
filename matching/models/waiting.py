"""Images that were answered without the partial stage, and wait for it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from matching.models.leased import Leased
from matching.models.submissions import Submission
from tenants.models import Tenant


class WaitingImage(Leased):
    """One such image; the row goes with its bytes, as soon as they were looked at.

    `spool_key` opens the spooled file, which bears the submission's name.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    # By its public id, which is known before the row is: both are written in one statement.
    submission = models.OneToOneField(
        Submission, models.PROTECT, to_field="public_id", related_name="waiting"
    )
    spool_key = models.BinaryField(max_length=32, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.submission_id
