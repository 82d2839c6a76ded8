"""The first page: what to do first, and how things stand."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants import keys, usage
from tenants.memberships import GRANTABLE_SCOPES, Permission, may
from tenants.models import ApiKey, Environment
from tenants.portal.keys import shown_once
from tenants.portal.views import PortalView

DAYS = 30
FIRST_KEY = ("match", "batch", "feedback")


class OverviewView(PortalView):
    permission = Permission.OVERVIEW

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        own = ApiKey.objects.filter(tenant=self.tenant)
        return self.page(
            "portal/overview.html",
            has_key=own.filter(environment=Environment.TEST).exists(),
            has_called=own.filter(last_used_at__isnull=False).exists(),
            may_make_keys=may(self.membership.role, Permission.KEYS),
            figures={env: self._figures(env) for env in (Environment.LIVE, Environment.TEST)},
            days=DAYS,
        )

    def _figures(self, environment: str) -> Mapping[str, Any]:
        today = timezone.now().date()
        first = today - datetime.timedelta(days=DAYS - 1)
        days = usage.daily(tenant=self.tenant, environment=environment, first=first, last=today)
        return {
            name: sum(day[name] for day in days) for name in ("submissions", "matches", "rejected")
        }


class FirstKeyView(PortalView):
    """One click to a test key that can do what a first call needs."""

    permission = Permission.KEYS

    def post(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        grantable = GRANTABLE_SCOPES[self.membership.role]
        issued = keys.issue(
            tenant=self.tenant,
            name="My first key",
            environment=Environment.TEST,
            scopes=[scope for scope in FIRST_KEY if scope in grantable],
            actor=self.actor,
        )
        return shown_once(self, issued)
