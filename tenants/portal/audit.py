"""The audit log, a page at a time."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.audit import events
from tenants.audit.actions import ACTIONS
from tenants.audit.events import CursorInvalid, Period
from tenants.audit.record import record
from tenants.memberships import Permission
from tenants.portal.views import PortalView

SHOWN = 50
USUAL_DAYS = 7


class PeriodForm(forms.Form):
    """Days, both included; none leaves that side open."""

    since = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label="To", widget=forms.DateInput(attrs={"type": "date"})
    )

    @property
    def period(self) -> Period:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        day = datetime.timedelta(days=1)
        return Period(_midnight(since), _midnight(until + day if until else None))


class EventsForm(PeriodForm):
    action = forms.ChoiceField(
        required=False,
        choices=[("", "all"), *((action, action) for action in ACTIONS)],
    )
    actor = forms.CharField(required=False, label="Who", max_length=200)


class AuditView(PortalView):
    """Sealed events in the order of their sequence, by day, action and person."""

    permission = Permission.AUDIT

    def get(self, request: HttpRequest) -> HttpResponse:
        form = EventsForm(data=request.GET or _lately())
        is_good = form.is_valid()
        found: Any = events.Page([], None)
        if is_good:
            asked = {name: form.cleaned_data[name] for name in ("action", "actor")}
            try:
                found = events.page(
                    tenant=self.tenant,
                    period=form.period,
                    limit=SHOWN,
                    cursor=request.GET.get("cursor", ""),
                    **asked,
                )
            except CursorInvalid as error:
                form.add_error(None, str(error))
        record(action="audit.read", actor=self.actor, tenant=self.tenant, target="events")
        rows = [{**event, "meaning": ACTIONS.get(event["action"], "")} for event in found.events]
        return self.page(
            "portal/audit.html",
            status=200 if not form.errors else 422,
            form=form,
            events=rows,
            next=_onwards(request, found.next),
            report_form=PeriodForm(prefix="report"),
        )


def _lately() -> dict[str, str]:
    """What is shown to who asks for nothing in particular."""
    days = datetime.timedelta(days=USUAL_DAYS - 1)
    return {"since": (timezone.now() - days).date().isoformat()}


def _onwards(request: HttpRequest, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.GET.copy()
    query["cursor"] = cursor
    return query.urlencode()


def _midnight(day: datetime.date | None) -> datetime.datetime | None:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC) if day else None
