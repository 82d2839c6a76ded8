"""Decoder processes that also look at parts of pictures."""

from typing import Final

from matching.hashing.local.extracted import Extracted
from matching.hashing.sandbox.local_wire import decode_pictures, decode_signature
from matching.hashing.sandbox.pool import DecoderPool
from matching.hashing.sandbox.wire import Operation

LOCAL_WORKER: Final = "matching.hashing.sandbox.local_worker"


class LocalDecoderPool(DecoderPool):
    """A `DecoderPool` whose children have OpenCV: some 100 MB more each, 1 s more to start."""

    worker = LOCAL_WORKER

    def extract(self, data: bytes) -> tuple[Extracted, ...]:
        """`extract_frames` in a child: raise a subclass of ImageError, or DecoderUnavailable."""
        return self._run(Operation.QUERY_LOCAL, data, lambda reply, _: decode_pictures(reply))

    def register_local(self, data: bytes) -> bytes | None:
        """`register_local` in a child, in the binary format of signatures; None when gated.

        Raise a subclass of ImageError, or DecoderUnavailable.
        """
        return self._run(Operation.REGISTER_LOCAL, data, lambda reply, _: decode_signature(reply))
