"""Signing in to the admin: recorded either way, and slow for those who guess."""

from __future__ import annotations

import datetime
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from tenants.audit import context
from tenants.audit.record import Actor, record
from tenants.models import AuditEvent, Outcome

WINDOW: Final = datetime.timedelta(minutes=15)
MOST_FOR_ACCOUNT: Final = 5  # failures of one account from one address: nobody locks others out
MOST_FOR_ADDRESS: Final = 30  # failures of one address, whatever the account
NOBODY: Final = "user:?"  # a name that is nobody's may be a password in the wrong field


class SignInForm(AdminAuthenticationForm):
    """The admin's sign-in form. The audit log is the memory of what failed."""

    def clean(self) -> dict[str, Any]:
        target = _target(self.cleaned_data.get("username", ""))
        with transaction.atomic():  # ends before the refusal is raised: the record must stay
            _wait_for_turn(target)
            refusal = self._refusal(target)
        if refusal is not None:
            raise refusal
        return self.cleaned_data

    def _refusal(self, target: str) -> ValidationError | None:
        if _failed_too_often(target):
            refusal = ValidationError(
                f"Too many failed attempts; wait {WINDOW.seconds // 60} minutes.", code="throttled"
            )
        else:
            try:
                super().clean()
            except ValidationError as error:
                refusal = error
            else:
                return None
        record(
            action="admin.sign_in_failed",
            actor=Actor.anonymous(),
            target=target,
            outcome=Outcome.REFUSED,
            data={"reason": refusal.code},
        )
        return refusal


def _target(username: str) -> str:
    return f"user:{username}" if User.objects.filter(username=username).exists() else NOBODY


def _wait_for_turn(target: str) -> None:
    """Parallel guesses at one account from one address take turns, or the count would lag."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"sign-in {target} {context.current().address}"],
        )


def _failed_too_often(target: str) -> bool:
    failures = AuditEvent.objects.filter(
        tenant=None,
        at__gte=timezone.now() - WINDOW,
        action="admin.sign_in_failed",
        address=context.current().address,
    ).exclude(data__reason="throttled")
    of_account = failures.filter(target=target).order_by()[:MOST_FOR_ACCOUNT].count()
    of_address = failures.order_by()[:MOST_FOR_ADDRESS].count()
    return of_account == MOST_FOR_ACCOUNT or of_address == MOST_FOR_ADDRESS


@receiver(user_logged_in, dispatch_uid="tenants.admin.signed_in")
def _signed_in(request: HttpRequest | None, user: User, **signal: Any) -> None:  # noqa: ARG001
    if request is not None and request.path == reverse("admin:login"):
        record(
            action="admin.signed_in",
            actor=Actor.user(user),
            target=f"user:{user.get_username()}",
        )


@receiver(user_logged_out, dispatch_uid="tenants.admin.signed_out")
def _signed_out(request: HttpRequest, user: User | None, **signal: Any) -> None:  # noqa: ARG001
    if user is not None and request.path == reverse("admin:logout"):
        record(
            action="admin.signed_out",
            actor=Actor.user(user),
            target=f"user:{user.get_username()}",
        )


admin.site.login_form = SignInForm
