"""Project Arachnid Shield, version 1: media, URLs and PDQ hashes.

Its published SDKs take the address from `ARACHNID_SHIELD_URL`; our API key is the password.
"""

from matching.dialects.arachnid.views import MediaView, PdqView, UrlView, VersionView

__all__ = ["MediaView", "PdqView", "UrlView", "VersionView"]
