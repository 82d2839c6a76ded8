"""How much a tenant may ask, exact under parallel calls, with or without Redis."""

from tenants.throttling.admission import TenantThrottle, admit_call
from tenants.throttling.calls import Call, admit, remind, serving
from tenants.throttling.decision import Decision, QuotaExceeded, RateLimited
from tenants.throttling.failures import charge_failure
from tenants.throttling.headers import rate_limit_headers

__all__ = [
    "Call",
    "Decision",
    "QuotaExceeded",
    "RateLimited",
    "TenantThrottle",
    "admit",
    "admit_call",
    "charge_failure",
    "rate_limit_headers",
    "remind",
    "serving",
]
