"""How much a tenant may ask, exact under parallel calls, with or without Redis."""

from tenants.throttling.admission import TenantThrottle, admit
from tenants.throttling.decision import (
    Decision,
    QuotaExceeded,
    RateLimited,
    rate_limit_headers,
)
from tenants.throttling.failures import charge_failure

__all__ = [
    "Decision",
    "QuotaExceeded",
    "RateLimited",
    "TenantThrottle",
    "admit",
    "charge_failure",
    "rate_limit_headers",
]
