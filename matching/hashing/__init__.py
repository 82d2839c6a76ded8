"""Image bytes to signals. Pure: knows nothing of Django, lists or tenants.

`hash_image` is for hash lists, `query_image` for submissions; `sandbox.DecoderPool` runs either in
a child process, which is how untrusted bytes are to be hashed.
"""

from matching.hashing.decode import (
    DEFAULT_LIMITS,
    DecodeLimitExceeded,
    DecodeLimits,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageUndecodable,
    UnsupportedMediaType,
)
from matching.hashing.digest import Digests, digests
from matching.hashing.images import (
    FrameHashes,
    ImageHashes,
    QueryHashes,
    hash_image,
    query_image,
)
from matching.hashing.pdq import PdqHash
from matching.hashing.sandbox import DEFAULT_SANDBOX, DecoderPool, DecoderUnavailable, SandboxLimits
from matching.hashing.signal import (
    MIN_QUALITY,
    PDQ_RADIUS,
    Signal,
    SignalInvalid,
    SignalType,
)

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_SANDBOX",
    "MIN_QUALITY",
    "PDQ_RADIUS",
    "DecodeLimitExceeded",
    "DecodeLimits",
    "DecoderPool",
    "DecoderUnavailable",
    "Digests",
    "FrameHashes",
    "ImageError",
    "ImageHashes",
    "ImageTooLarge",
    "ImageTooSmall",
    "ImageUndecodable",
    "PdqHash",
    "QueryHashes",
    "SandboxLimits",
    "Signal",
    "SignalInvalid",
    "SignalType",
    "UnsupportedMediaType",
    "digests",
    "hash_image",
    "query_image",
]
