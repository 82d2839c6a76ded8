"""How long records are kept: periods, holds, and purges that take two people.

A purge takes what links a record to a file or a person (the SHA-256, the tenant's own id, notes,
hashes retained for lookback) and leaves the verdict, so that totals stay true. The audit log is
never purged: it holds none of this, only a keyed digest whose key can be destroyed
(`tenants.content_keys`).
"""

from matching.retention.approval import approve
from matching.retention.holds import (
    HoldReleased,
    HoldUnknown,
    find_hold,
    holds_in_force,
    place_hold,
    release_hold,
)
from matching.retention.periods import PeriodNotSet, days_kept, set_period
from matching.retention.purges import Due, due, propose_purge, purge

__all__ = [
    "Due",
    "HoldReleased",
    "HoldUnknown",
    "PeriodNotSet",
    "approve",
    "days_kept",
    "due",
    "find_hold",
    "holds_in_force",
    "place_hold",
    "propose_purge",
    "purge",
    "release_hold",
    "set_period",
]
