"""The decoder of this process. Interim: in process, until the pool of children takes over."""

from __future__ import annotations

from django.conf import settings

from matching.hashing import DecodeLimits, ImageHashes, QueryHashes, hash_image, query_image


class _InProcess:
    def query(self, data: bytes) -> QueryHashes:
        return query_image(data, limits=image_limits())

    def register(self, data: bytes) -> ImageHashes:
        return hash_image(data, limits=image_limits())


def decoders() -> _InProcess:
    return _InProcess()


def image_limits() -> DecodeLimits:
    return DecodeLimits(max_bytes=settings.MAX_IMAGE_BYTES, max_pixels=settings.MAX_IMAGE_PIXELS)
