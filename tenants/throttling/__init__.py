"""How much a tenant may ask, exact under parallel calls, with or without Redis."""

from tenants.throttling.admission import TenantThrottle, admit, headers_of
from tenants.throttling.decision import (
    Decision,
    QuotaExceeded,
    RateLimited,
    rate_limit_headers,
)

__all__ = [
    "Decision",
    "QuotaExceeded",
    "RateLimited",
    "TenantThrottle",
    "admit",
    "headers_of",
    "rate_limit_headers",
]
