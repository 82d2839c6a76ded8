"""Which known pictures does this one show parts of? Free of Django.

`LocalIndex` holds a snapshot of signatures, `LocalDelta` what was added since; both answer
`search` with `LocalMatch`es, whose `Band` says whether to act or to ask a person. Whether a
reference is still active only the database knows.
"""

from matching.index.local.evidence import Band, Evidence, decide
from matching.index.local.local_index import LocalDelta, LocalIndex
from matching.index.local.search import Candidate, LocalMatch
from matching.index.local.verification import verify
from matching.index.local.warming import warm_up

__all__ = [
    "Band",
    "Candidate",
    "Evidence",
    "LocalDelta",
    "LocalIndex",
    "LocalMatch",
    "decide",
    "verify",
    "warm_up",
]
