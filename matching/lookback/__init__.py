"""Lookback: what changed in the lists is held against what tenants submitted before.

Entries that came into force are compared with all retained hashes, in bulk; matches of entries that
were retired are withdrawn. Changes are worked off in runs, one after the other, each a row.
"""

from matching.lookback.purging import purge_retained
from matching.lookback.work import look_back

__all__ = ["look_back", "purge_retained"]
