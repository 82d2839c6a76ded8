"""The figures of a period: what the PDF shows, what the scheduled reports keep, what the API tells.

They are plain data (JSON), so that a report can be printed again, and counted again, from what was
kept of it.
"""

from __future__ import annotations

from typing import Any

from matching.reports import images
from matching.reports.accuracy import feedback
from matching.reports.frameworks import frameworks
from tenants.audit.activity import activity
from tenants.audit.checkpoints import public_key
from tenants.audit.events import Period
from tenants.models import Checkpoint, Tenant


def totals(
    *, tenant: Tenant, environment: str, period: Period, checkpoint: Checkpoint
) -> dict[str, Any]:
    """Everything counted for `tenant` in `period`, live or test, up to the checkpoint's size."""
    whose: Any = {"tenant": tenant, "environment": environment, "period": period}
    figures = {
        "tenant": {"id": tenant.public_id, "name": tenant.name, "plan": tenant.plan.name},
        "environment": environment,
        "period": {"from": _iso(period.since), "to": _iso(period.until)},
        "submissions": images.submissions(**whose),
        "matches": images.matches(**whose),
        "feedback": feedback(**whose),
        "lists": images.lists_in_force(environment),
        **activity(**whose, size=checkpoint.size),
        "checkpoint": {
            "size": checkpoint.size,
            "note": checkpoint.note,
            "key": public_key(checkpoint.origin),
            "at": _iso(checkpoint.at),
        },
    }
    return {**figures, "frameworks": frameworks(figures)}


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None
