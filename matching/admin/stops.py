"""The page of the kill switches: one person stops, two start again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from matching import curation
from matching.models import ListsVersion
from tenants.admin.rows import person_of


class StopForm(forms.Form):
    """Which signal type, and why. What is stopped can be proposed to start, and the reverse."""

    signal = forms.ChoiceField(
        choices=[("", "choose …"), *((name, name) for name in curation.CAN_BE_STOPPED)],
        error_messages={"required": "Choose what to stop or to start."},
    )
    reason = forms.CharField(max_length=500, help_text="Kept in the audit log.")


def stops_view(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show the switches, and turn the one that the form names."""
    if not request.user.has_perm("matching.suspend_hashlist"):
        raise PermissionDenied
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _turn(request, **form.cleaned_data)
        return HttpResponseRedirect(request.path)
    stopped = ListsVersion.objects.get().stopped
    switches = [(name, name in stopped) for name in curation.CAN_BE_STOPPED]
    shown = {**context, "title": "Kill switches", "form": form, "switches": switches}
    return TemplateResponse(request, "admin/matching/stops.html", shown)


def _turn(request: HttpRequest, *, signal: str, reason: str) -> None:
    person = person_of(request)
    try:
        if signal in ListsVersion.objects.get().stopped:
            curation.propose_start(signal=signal, actor=person, reason=reason)
            messages.warning(request, f"Proposed to start {signal}: another curator approves it.")
        else:
            curation.stop_signal(signal=signal, actor=person, reason=reason)
            messages.success(request, f"{signal} is stopped, from the next request on.")
    except curation.Conflict as error:
        messages.error(request, f"Not done: {error}.")
