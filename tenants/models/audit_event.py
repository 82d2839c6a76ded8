"""What was done, by whom: rows that are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

from tenants.models.tenant import Tenant

MAX_TEXT, MAX_REQUEST_ID = 200, 64

if TYPE_CHECKING:
    IntegerValued = models.Field[int, int]
else:
    IntegerValued = models.Field  # generic for the type checker only


class TransactionIdField(IntegerValued):
    """PostgreSQL's `xid8`: the number of the transaction that wrote the row."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        return "xid8"

    def from_db_value(self, value: str | None, *_: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        """`xid8` has no cast from numbers, only from text."""
        return str(value) if isinstance(value, int) else value


class CurrentTransactionId(models.Func):
    """`pg_current_xact_id()`, PostgreSQL 13 and later."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionIdField()


class ActorKind(models.TextChoices):
    """What kind of somebody acted."""

    KEY = "key"
    USER = "user"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class Outcome(models.TextChoices):
    """How the act ended."""

    SUCCESS = "success"
    REFUSED = "refused"
    ERROR = "error"


class AuditEvent(models.Model):
    """One act. Written by `tenants.audit.record` alone, in the transaction of its effect.

    Readers that follow the log go by (`transaction_id`, `id`) below `pg_snapshot_xmin`, never by
    `id` alone: ids are drawn before commit, so a later id can become visible first.
    """

    append_only = True  # triggers refuse changes, and the runtime role has no right to make them

    at = models.DateTimeField(db_default=Now(), editable=False)
    transaction_id = TransactionIdField(db_default=CurrentTransactionId(), editable=False)
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # audit_of_a_tenant begins with it
        related_name="audit_events",
    )
    actor_kind = models.CharField(max_length=9, choices=ActorKind)
    actor_id = models.CharField(max_length=150, blank=True)
    key_id = models.CharField(max_length=12, blank=True)
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=MAX_TEXT, blank=True)
    request_id = models.CharField(max_length=MAX_REQUEST_ID, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=MAX_TEXT, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["transaction_id", "id"], name="audit_in_commit_order"),
            models.Index(fields=["tenant", "at"], name="audit_of_a_tenant"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="audit_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=ActorKind.values),
                name="audit_actor_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_kind} {self.actor_id}".strip()
