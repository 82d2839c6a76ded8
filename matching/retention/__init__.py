"""How long records are kept: periods, holds, and purges that take two people.

A purge takes what links a record to a file or a person (the SHA-256, the tenant's own id, notes)
and leaves the verdict, so that totals stay true. The audit log is never purged: it holds none of
this, only a keyed digest whose key can be destroyed (`tenants.content_keys`).
"""

from matching.retention.holds import HoldReleased, place_hold, release_hold
from matching.retention.periods import PeriodNotSet, set_period
from matching.retention.purges import propose_purge, purge

__all__ = [
    "HoldReleased",
    "PeriodNotSet",
    "place_hold",
    "propose_purge",
    "purge",
    "release_hold",
    "set_period",
]
