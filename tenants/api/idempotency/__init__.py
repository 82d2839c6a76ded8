"""`Idempotency-Key`: the effect of a POST happens once, and its answer is given again.

After the Internet-Draft draft-ietf-httpapi-idempotency-key-header, with answers kept for 24 hours.
"""

from tenants.api.idempotency.call import HEADER
from tenants.api.idempotency.errors import AnswerLost, IdempotencyMismatch, StillRunning
from tenants.api.idempotency.once import idempotent

__all__ = ["HEADER", "AnswerLost", "IdempotencyMismatch", "StillRunning", "idempotent"]
