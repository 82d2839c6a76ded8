"""Reports to NCMEC's CyberTipline, prepared from a match and sent when a person says so.

What is sent are words and numbers: what happened when, who reports, who is reported, how the file
was found. The service never keeps a file, so it never sends one; whoever holds it adds it to the
report with the same account, by the number that the report got.
"""

from matching.cybertips.document import Incident
from matching.cybertips.life import (
    AlreadyReported,
    NotConfigured,
    OfATestKey,
    check_configured,
    prepare,
    send,
)
from matching.cybertips.schema import TipInvalid
from matching.cybertips.sending import send_due

__all__ = [
    "AlreadyReported",
    "Incident",
    "NotConfigured",
    "OfATestKey",
    "TipInvalid",
    "check_configured",
    "prepare",
    "send",
    "send_due",
]
