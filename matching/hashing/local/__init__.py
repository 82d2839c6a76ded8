"""Local signatures: find parts of known pictures, turned, mirrored, framed or pasted elsewhere.

`registration.register_local` is for hash lists, `extraction.extract` for submissions: these two
need OpenCV and run in decoder processes. `query.QueryFeatures` is a submission as
`matching.index.local` searches it, and needs the compiler, which decoder processes do without.
"""

from matching.hashing.local.extracted import Extracted
from matching.hashing.local.signature import LocalSignature

__all__ = ["Extracted", "LocalSignature"]
