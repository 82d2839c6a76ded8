"""The closed list of what a key may be allowed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "match": "Match images and their cryptographic hashes.",
        "match:hash": "Match perceptual hashes made elsewhere; never granted by default.",
        "batch": "Submit and read batches.",
        "keys": "Manage the tenant's API keys.",
        "usage:read": "Read usage figures.",
        "audit:read": "Read audit events, reports and proofs.",
        "webhooks": "Manage webhooks and their deliveries.",
        "feedback": "Say whether a match was right.",
        "reports": "Prepare and send reports to the CyberTipline.",
    }
)
# A caller who can choose perceptual hashes freely can probe what the lists hold.
DEFAULT_SCOPES: Final = tuple(scope for scope in SCOPES if scope != "match:hash")
