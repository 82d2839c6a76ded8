"""The native API's answers about images and hashes."""

from matching.api.schema import ImageJsonScheme

__all__ = ["ImageJsonScheme"]
