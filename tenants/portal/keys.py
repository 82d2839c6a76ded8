"""Keys: list, issue, rotate, revoke. A secret is shown once, in the answer that made it."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from tenants import keys
from tenants.audit.record import record
from tenants.keys import (
    HIGHEST_LIMIT,
    IssuedKey,
    KeyNotActive,
    KeyNotFound,
    KeyTermsInvalid,
    Limits,
)
from tenants.memberships import GRANTABLE_SCOPES, Permission
from tenants.models import ApiKey, Environment
from tenants.portal.examples import examples
from tenants.portal.views import PortalView

SHOWN = 100
OVERLAPS = (
    (0, "now"),
    (3600, "in an hour"),
    (24 * 3600, "in a day"),
    (7 * 24 * 3600, "in a week"),
)


class LimitField(forms.IntegerField):
    """A part of what the tenant may spend; none: all of it."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, required=False, min_value=1, max_value=HIGHEST_LIMIT)


class KeyForm(forms.Form):
    """What a new key may do, from where, and when."""

    name = forms.CharField(
        max_length=keys.MAX_NAME_LENGTH, help_text="Where it will be used, for you to tell it by."
    )
    environment = forms.ChoiceField(
        choices=[("test", "test: matches test lists only"), ("live", "live: matches real lists")],
        initial="test",
    )
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    allowed_networks = forms.CharField(
        required=False,
        label="Networks it may be used from",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="CIDR blocks, one a line, like 203.0.113.0/24. None: from anywhere.",
    )
    not_before = forms.DateTimeField(
        required=False,
        label="Not before (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )
    expires_at = forms.DateTimeField(
        required=False,
        label="Expires (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )
    requests_per_minute = LimitField(label="Units a minute")
    burst = LimitField(label="Units at once")
    monthly_quota = LimitField(label="Units a month")

    def __init__(self, *args: Any, grantable: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)  # noqa: S101 as declared above
        scopes.choices = [(scope, f"{scope}: {keys.SCOPES[scope]}") for scope in grantable]
        scopes.initial = [scope for scope in ("match", "batch", "feedback") if scope in grantable]

    def clean_allowed_networks(self) -> list[str]:
        return [part for part in re.split(r"[\s,]+", self.cleaned_data["allowed_networks"]) if part]

    @property
    def terms(self) -> dict[str, Any]:
        """What `issue` takes."""
        given = dict(self.cleaned_data)
        limits = {field.name: given.pop(field.name) for field in dataclasses.fields(Limits)}
        return {**given, "limits": Limits(**limits)}


class KeysView(PortalView):
    """All keys, newest first, live and test apart."""

    permission = Permission.KEYS

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        record(action="key.read", actor=self.actor, tenant=self.tenant, status=200)
        found = {
            name: list(keys.keys_of(tenant=self.tenant, environment=name)[:SHOWN])
            for name in (Environment.LIVE, Environment.TEST)
        }
        now = timezone.now()
        for key in (key for group in found.values() for key in group):
            key.status = key.status_at(now)  # type: ignore[attr-defined]
        return self.page("portal/keys.html", groups=found, overlaps=OVERLAPS)


class NewKeyView(PortalView):
    """The form for a key, and the key with its secret."""

    permission = Permission.KEYS

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen = {"environment": request.GET.get("environment", "test")}
        return self.page("portal/key_new.html", form=self._form(initial=chosen))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(data=request.POST)
        if form.is_valid():
            try:
                issued = keys.issue(tenant=self.tenant, actor=self.actor, **form.terms)
            except KeyTermsInvalid as error:
                form.add_error(None, str(error))
            else:
                return shown_once(self, issued)
        return self.page("portal/key_new.html", status=422, form=form)

    def _form(self, **given: Any) -> KeyForm:
        return KeyForm(grantable=GRANTABLE_SCOPES[self.membership.role], **given)


class RotateKeyView(PortalView):
    """A successor on the same terms; the old key ends after the overlap."""

    permission = Permission.KEYS

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = found(self, key_id)
        if not set(key.scopes) <= set(GRANTABLE_SCOPES[self.membership.role]):
            raise PermissionDenied  # its secret would open more than the role does
        overlap = request.POST.get("overlap_seconds", "0")
        try:
            issued = keys.rotate(
                key=key,
                overlap_seconds=int(overlap) if overlap.isdecimal() else -1,
                actor=self.actor,
            )
        except (KeyNotActive, KeyTermsInvalid) as error:
            messages.error(request, str(error))
            return self.go("portal-keys")
        return shown_once(self, issued)


class RevokeKeyView(PortalView):
    """Ends a key at once, on every worker."""

    permission = Permission.KEYS

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = keys.revoke(key=found(self, key_id), actor=self.actor, reason="in the portal")
        messages.success(request, f"The key “{key.name}” opens nothing any more.")
        return self.go("portal-keys")


def shown_once(view: PortalView, issued: IssuedKey) -> HttpResponse:
    """The page with the new key's secret and ready lines that use it."""
    lines = examples(view.request, issued.secret)
    return view.page("portal/key_issued.html", status=201, key=issued.key, examples=lines)


def found(view: PortalView, key_id: str) -> ApiKey:
    """The tenant's key of that id, whichever environment it is of."""
    for environment in Environment:
        try:
            return keys.find(tenant=view.tenant, environment=environment, key_id=key_id)
        except KeyNotFound:
            continue
    raise Http404
