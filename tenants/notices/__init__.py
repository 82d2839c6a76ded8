"""What owners are told by themselves, once each: by webhook at once, by e-mail soon after."""

from tenants.notices.disabled import find_disabled_webhooks
from tenants.notices.expiry import find_expiring_keys
from tenants.notices.leaks import report_leak
from tenants.notices.mail import mail_waiting
from tenants.notices.quotas import find_reached_quotas, spent_this_month

__all__ = [
    "find_disabled_webhooks",
    "find_expiring_keys",
    "find_reached_quotas",
    "mail_waiting",
    "report_leak",
    "spent_this_month",
]
