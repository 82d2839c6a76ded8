"""Asking for an account: stored for an operator to decide, answered alike for everybody."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from tenants.audit.record import Actor, record
from tenants.memberships.founding import found_tenant
from tenants.memberships.invitations import SentInvitation, invite
from tenants.models import Role, SignUpRequest


class AlreadyDecided(Exception):
    """Somebody has approved or declined the request before."""


def request_sign_up(*, email: str, company: str, message: str = "") -> None:
    """Note that somebody asks. Whoever has a waiting request keeps that one."""
    email = email.strip().lower()
    with transaction.atomic():
        _, is_new = SignUpRequest.objects.get_or_create(
            email=email,
            state=SignUpRequest.State.WAITING,
            defaults={"company": company, "message": message},
        )
        if is_new:
            record(action="sign_up.requested", actor=Actor.anonymous(), target=email)


def approve_sign_up(*, request: SignUpRequest, plan: str, by: User) -> SentInvitation:
    """A tenant, and an invitation for its owner; the caller sends the link.

    Raises `AlreadyDecided` and `PlanUnknown`.
    """
    actor = Actor.user(by)
    with transaction.atomic():
        _decide(request, SignUpRequest.State.APPROVED, by)
        tenant = found_tenant(name=request.company, plan=plan, actor=actor)
        record(action="sign_up.approved", actor=actor, tenant=tenant, target=request.email)
        return invite(tenant=tenant, email=request.email, role=Role.OWNER, actor=actor)


def decline_sign_up(*, request: SignUpRequest, by: User) -> None:
    """Nothing comes of it. Raises `AlreadyDecided`."""
    with transaction.atomic():
        _decide(request, SignUpRequest.State.DECLINED, by)
        record(action="sign_up.declined", actor=Actor.user(by), target=request.email)


def _decide(request: SignUpRequest, state: SignUpRequest.State, by: User) -> None:
    waiting = SignUpRequest.objects.filter(pk=request.pk, state=SignUpRequest.State.WAITING)
    if not waiting.update(state=state, decided_by=by, decided_at=Now()):
        raise AlreadyDecided(f"{request} was decided before.")
