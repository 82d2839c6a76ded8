"""Local signatures: find parts of known pictures, turned, mirrored, framed or pasted elsewhere.

`registration.register_local` is for hash lists, `extraction.extract` for submissions: these two
need OpenCV and run in decoder processes. What is named here does not: a `LocalSignature` is what
is kept of a known picture, `QueryFeatures` is a submission as `matching.index.local` searches it.
"""

from matching.hashing.local.query import AlignedWindows, QueryFeatures
from matching.hashing.local.signature import LocalSignature

__all__ = ["AlignedWindows", "LocalSignature", "QueryFeatures"]
