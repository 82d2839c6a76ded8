"""Decoding of untrusted images in child processes with limits of their own.

A decoder that crashes, loops or eats memory takes down one child, and is an error for one caller.
`pool` hands jobs to children, `process` is one child seen from here, `worker` is what runs there,
`confinement` what it may still do, `wire` the bytes between the two.
"""

from matching.hashing.sandbox.limits import DEFAULT_SANDBOX, SandboxLimits
from matching.hashing.sandbox.local_pool import LocalDecoderPool
from matching.hashing.sandbox.pool import DecoderPool
from matching.hashing.sandbox.process import DecoderUnavailable

__all__ = [
    "DEFAULT_SANDBOX",
    "DecoderPool",
    "DecoderUnavailable",
    "LocalDecoderPool",
    "SandboxLimits",
]
