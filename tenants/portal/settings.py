"""What the tenant decides about its own calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from tenants.memberships import Permission
from tenants.models import LONGEST_RETENTION_DAYS, Enhancement
from tenants.portal.views import PortalView
from tenants.tenant_settings import SettingsInvalid, change_settings, settings_of


class SettingsForm(forms.Form):
    strict_mode = forms.BooleanField(
        required=False,
        label="Strict mode",
        help_text="An image that could not be judged is answered with an error (422) instead of "
        "the verdict not_checked: a program that forgets that verdict cannot take it for clean.",
    )
    enhance_by_default = forms.ChoiceField(
        choices=Enhancement.choices,
        label="Look for parts of listed images",
        help_text="Crops, free rotations, collages. A call can say otherwise.",
    )
    retain_hashes_days = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_RETENTION_DAYS,
        label="Days that hashes of submissions are kept",
        help_text="To be matched again when lists grow. 0 keeps none. Needs a plan with lookback.",
    )


class SettingsView(PortalView):
    permission = Permission.SETTINGS

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        return self._shown(SettingsForm(initial=settings_of(self.tenant)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SettingsForm(data=request.POST)
        if form.is_valid():
            changes: Any = form.cleaned_data
            try:
                change_settings(tenant=self.tenant, actor=self.actor, **changes)
            except SettingsInvalid as error:
                form.add_error(None, str(error).partition(": ")[2] or str(error))
            else:
                messages.success(request, "Saved; it holds from your next call on.")
                return self.go("portal-settings")
        return self._shown(form, status=422)

    def _shown(self, form: SettingsForm, status: int = 200) -> HttpResponse:
        return self.page("portal/settings.html", status=status, form=form)
