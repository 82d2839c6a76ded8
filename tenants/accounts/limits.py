"""What a session is good for: some hours at most, and only while its second factor is there."""

from __future__ import annotations

import time
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from tenants.acting import SERVICE, acting_as
from tenants.models import Membership, Role

BEGAN, SEEN = "session_began", "session_seen"
NOTED_SECONDS: Final = 60  # the last look is true to the minute: not written at every page
GUARDED: Final = ("/admin/", "/portal/")


class SessionLimits(MiddlewareMixin):
    """Ends sessions that are too old or were left alone, whatever their cookie says."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.user.is_authenticated:
            return
        now = time.time()
        began = request.session.setdefault(BEGAN, now)
        seen = request.session.setdefault(SEEN, now)
        if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
            logout(request)
        elif now - seen > NOTED_SECONDS:
            request.session[SEEN] = now


class SecondFactor(MiddlewareMixin):
    """Sends people who need a second factor, and have none, to where they add one."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        user = request.user
        if not request.path.startswith(GUARDED) or not isinstance(user, User):
            return None
        if not settings.REQUIRE_MFA or not needs_second_factor(user) or has_second_factor(user):
            return None
        messages.info(request, "Add a second factor first: your account needs one.")
        return HttpResponseRedirect(reverse("mfa_index"))


def needs_second_factor(user: User) -> bool:
    """Staff and owners: whose password alone must not open lists, keys or teams."""
    if user.is_staff:
        return True
    with acting_as(SERVICE):
        return Membership.objects.filter(user=user, role=Role.OWNER).exists()


def has_second_factor(user: User) -> bool:
    """Recovery codes are a way back in, no factor of their own."""
    types = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(is_mfa_enabled(user, types))
