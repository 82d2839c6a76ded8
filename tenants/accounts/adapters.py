"""What django-allauth asks us: who may sign in, what it sends, whom it lets in by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from tenants.accounts.guessing import THROTTLED, WINDOW, failed_too_often, wait_for_turn
from tenants.audit import context
from tenants.audit.record import Actor, record
from tenants.models import Outcome

NOBODY: Final = "user:?"  # a name that is nobody's may be a password in the wrong field


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # untyped
    """Sign-in by name or address and password; accounts come by invitation alone."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "That is not the right name or password.",
        "email_password_mismatch": "That is not the right name or password.",
        "too_many_login_attempts": (
            f"Too many failed attempts; wait {WINDOW.seconds // 60} minutes."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def get_client_ip(self, request: HttpRequest) -> str:  # noqa: ARG002
        return context.current().address or "::"  # a socket without addresses: one caller

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None; a refusal is recorded. Raises ValidationError when throttled."""
        target = _target(credentials)
        with transaction.atomic():  # ends before the refusal is raised: the record must stay
            wait_for_turn(target)
            throttled = failed_too_often(target)
            user: User | None = None
            if not throttled:
                user = super().authenticate(request, **credentials)
            if user is None:
                record_failure(target, THROTTLED if throttled else "invalid_login")
        if throttled:
            raise ValidationError(
                self.error_messages["too_many_login_attempts"], code="too_many_login_attempts"
            )
        return user

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Whoever has just signed in need not prove it a second time."""
        request = allauth_context.request
        steps = get_authentication_records(request, request.user)
        oldest_good = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        if any(step["at"] >= oldest_good for step in steps):
            return False
        return bool(super().is_reauthentication_required(app=app, **options))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: `authenticate` counts exactly, and by account and address together."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # untyped
    """Second factors; allauth's own rules but for whose factors may go."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = allauth_context.request.get_host().partition(":")[0]
        return {"id": host, "name": settings.MFA_TOTP_ISSUER}


class SessionAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # untyped
    """Ending sessions elsewhere is an act of its own."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        ended = list(sessions)
        if not ended:
            return
        user = ended[0].user
        with transaction.atomic():
            super().end_sessions(ended)
            record(
                action="account.sessions_ended",
                actor=Actor.user(user),
                target=f"user:{user.get_username()}",
                data={"count": len(ended)},
            )


def record_failure(target: str, reason: str) -> None:
    """A refused sign-in, in the current transaction."""
    record(
        action="account.sign_in_failed",
        actor=Actor.anonymous(),
        target=target,
        outcome=Outcome.REFUSED,
        data={"reason": reason},
    )


def _target(credentials: dict[str, Any]) -> str:
    name, email = credentials.get("username"), credentials.get("email")
    found = User.objects.filter(username=name or "").first()
    if found is None and email:
        found = next(iter(filter_users_by_email(email)), None)
    return f"user:{found.get_username()}" if found else NOBODY
