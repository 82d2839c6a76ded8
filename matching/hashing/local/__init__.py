"""Local signatures: find parts of known pictures, turned, mirrored, framed or pasted elsewhere.

`register_local` is for hash lists, `query_local` for submissions; `matching.index.local` tells
which signatures a query shows parts of.
"""

from matching.hashing.local.query import AlignedWindows, QueryFeatures, query_local
from matching.hashing.local.registration import register_local
from matching.hashing.local.signature import LocalSignature

__all__ = [
    "AlignedWindows",
    "LocalSignature",
    "QueryFeatures",
    "query_local",
    "register_local",
]
