"""Every sign-in, second factor and password has its audit event."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import (
    password_changed,
    password_reset,
    password_set,
    user_logged_in,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from tenants.accounts.adapters import record_failure
from tenants.audit.record import Actor, record


@receiver(user_logged_in, dispatch_uid="tenants.accounts.signed_in")
def _signed_in(user: User, **signal: Any) -> None:  # noqa: ARG001
    _record("account.signed_in", user)


@receiver(user_logged_out, dispatch_uid="tenants.accounts.signed_out")
def _signed_out(user: User | None, **signal: Any) -> None:  # noqa: ARG001
    if user is not None:
        _record("account.signed_out", user)


@receiver(
    [password_changed, password_set, password_reset], dispatch_uid="tenants.accounts.password"
)
def _password_changed(user: User, **signal: Any) -> None:  # noqa: ARG001
    _record("account.password_changed", user)


# Not allauth's own signals: those come after the commit.
@receiver(post_save, sender=Authenticator, dispatch_uid="tenants.accounts.factor_added")
def _factor_added(instance: Authenticator, created: bool, **signal: Any) -> None:  # noqa: ARG001
    if created:
        _record("account.factor_added", instance.user, factor=instance.type)


@receiver(post_delete, sender=Authenticator, dispatch_uid="tenants.accounts.factor_removed")
def _factor_removed(instance: Authenticator, **signal: Any) -> None:  # noqa: ARG001
    _record("account.factor_removed", instance.user, factor=instance.type)


@receiver(authentication_failed, dispatch_uid="tenants.accounts.factor_failed")
def _factor_failed(user: User, **signal: Any) -> None:  # noqa: ARG001
    record_failure(f"user:{user.get_username()}", "second_factor")


def _record(action: str, user: User, **data: str) -> None:
    record(action=action, actor=Actor.user(user), target=f"user:{user.get_username()}", data=data)
