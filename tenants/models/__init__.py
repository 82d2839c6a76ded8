"""The rows about customers: who they are, what they may do, what was done."""

from tenants.models.api_key import ApiKey, Environment, KeyStatus
from tenants.models.audit_event import ActorKind, AuditEvent, Outcome
from tenants.models.audit_log import AuditNode, AuditSeal, Checkpoint, Cosignature
from tenants.models.identifiers import BASE62, is_id, new_id, random_base62
from tenants.models.invitation import Invitation, SignUpRequest
from tenants.models.kept_answer import KeptAnswer
from tenants.models.notice import Notice, NoticeKind
from tenants.models.proposal import Proposal, ProposedAct
from tenants.models.tenant import (
    LONGEST_RETENTION_DAYS,
    Enhancement,
    Membership,
    Plan,
    Role,
    Tenant,
)
from tenants.models.usage_day import UsageDay
from tenants.models.webhook import (
    DeliveryState,
    DisabledReason,
    Signature,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)

__all__ = [
    "BASE62",
    "LONGEST_RETENTION_DAYS",
    "ActorKind",
    "ApiKey",
    "AuditEvent",
    "AuditNode",
    "AuditSeal",
    "Checkpoint",
    "Cosignature",
    "DeliveryState",
    "DisabledReason",
    "Enhancement",
    "Environment",
    "Invitation",
    "KeptAnswer",
    "KeyStatus",
    "Membership",
    "Notice",
    "NoticeKind",
    "Outcome",
    "Plan",
    "Proposal",
    "ProposedAct",
    "Role",
    "SignUpRequest",
    "Signature",
    "Tenant",
    "UsageDay",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookSecret",
    "is_id",
    "new_id",
    "random_base62",
]
