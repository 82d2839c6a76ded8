"""Webhooks: list, register, change, rotate, test, remove. A secret is shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse

from tenants import outgoing, webhooks
from tenants.audit.record import record
from tenants.memberships import Permission
from tenants.models import Environment, Signature, WebhookEndpoint
from tenants.models.webhook import LONGEST_URL
from tenants.portal.deliveries import log_of
from tenants.portal.views import PortalView
from tenants.webhooks.events import TEST_EVENT

TOLD = [name for name in webhooks.EVENTS if name != TEST_EVENT]  # a test is told whoever asked
OVERLAPS = (
    (0, "at once"),
    (3600, "in an hour"),
    (24 * 3600, "in a day"),
    (7 * 24 * 3600, "in a week"),
)


class WebhookForm(forms.Form):
    """Where to tell, and what."""

    url = forms.CharField(
        label="Address",
        max_length=LONGEST_URL,
        help_text="Your endpoint: https, and public.",
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
    )
    description = forms.CharField(
        required=False, max_length=200, help_text="For you to tell it by. Optional."
    )
    events = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, f"{name}: {webhooks.EVENTS[name]}") for name in TOLD],
        initial=["match.found", "match.retroactive", "match.withdrawn", "batch.finished"],
    )


class NewWebhookForm(WebhookForm):
    """What stays as it is chosen here, besides."""

    environment = forms.ChoiceField(
        choices=[("test", "test: of what test keys do"), ("live", "live: of what live keys do")],
        initial="test",
    )
    signature = forms.ChoiceField(
        choices=Signature.choices,
        initial=Signature.HMAC,
        help_text="Both as Standard Webhooks 1.0 has them; the first is the usual one.",
    )


class WebhooksView(PortalView):
    """All webhooks, newest first, live and test apart."""

    permission = Permission.WEBHOOKS

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        record(action="webhook.read", actor=self.actor, tenant=self.tenant, status=200)
        found = {
            name: list(webhooks.endpoints_of(tenant=self.tenant, environment=name))
            for name in (Environment.LIVE, Environment.TEST)
        }
        return self.page("portal/webhooks.html", groups=found)


class NewWebhookView(PortalView):
    """The form for a webhook, and the webhook with its secret."""

    permission = Permission.WEBHOOKS

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen = {"environment": request.GET.get("environment", "test")}
        return self.page("portal/webhook_new.html", form=NewWebhookForm(initial=chosen))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewWebhookForm(data=request.POST)
        if form.is_valid():
            terms = form.cleaned_data
            try:
                registered = webhooks.register(tenant=self.tenant, actor=self.actor, **terms)
            except outgoing.AddressRefused as error:
                form.add_error("url", str(error))
            except webhooks.TooManyEndpoints as error:
                form.add_error(None, str(error))
            else:
                return _shown_once(self, registered, is_new=True)
        return self.page("portal/webhook_new.html", status=422, form=form)


class WebhookView(PortalView):
    """One webhook: how it does, what was told to it, and what of it can be changed."""

    permission = Permission.WEBHOOKS

    def get(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        endpoint = found(self, webhook_id)
        form = WebhookForm(
            initial={name: getattr(endpoint, name) for name in WebhookForm.base_fields}
        )
        log = log_of(endpoint, before=request.GET.get("before", ""))
        record(
            action="webhook.read",
            actor=self.actor,
            tenant=self.tenant,
            target=endpoint.public_id,
            status=200,
        )
        return self._shown(endpoint, form, **log)

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        endpoint = found(self, webhook_id)
        form = WebhookForm(data=request.POST)
        if form.is_valid():
            try:
                webhooks.change(endpoint=endpoint, actor=self.actor, **form.cleaned_data)
            except outgoing.AddressRefused as error:
                form.add_error("url", str(error))
            else:
                messages.success(request, "Saved.")
                return self.go("portal-webhooks-one", webhook_id)
        return self._shown(endpoint, form, status=422, **log_of(endpoint))

    def _shown(
        self, endpoint: WebhookEndpoint, form: WebhookForm, status: int = 200, **log: Any
    ) -> HttpResponse:
        return self.page(
            "portal/webhook.html",
            status=status,
            endpoint=endpoint,
            form=form,
            overlaps=OVERLAPS,
            **log,
        )


class SwitchWebhookView(PortalView):
    """On or off; what waits stays, and is delivered when it is switched on again."""

    permission = Permission.WEBHOOKS

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        is_on = request.POST.get("enabled") == "1"
        webhooks.change(endpoint=found(self, webhook_id), actor=self.actor, enabled=is_on)
        messages.success(request, "It is told of events again." if is_on else "It is switched off.")
        return self.go("portal-webhooks-one", webhook_id)


class RotateWebhookView(PortalView):
    """A new signing key; during the overlap deliveries carry a signature by each."""

    permission = Permission.WEBHOOKS

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        endpoint = found(self, webhook_id)
        overlap = request.POST.get("overlap_seconds", "")
        seconds = int(overlap) if overlap.isdecimal() and len(overlap) < 10 else -1
        try:
            rotated = webhooks.rotate(endpoint=endpoint, actor=self.actor, overlap_seconds=seconds)
        except webhooks.OverlapInvalid as error:
            messages.error(request, str(error))
            return self.go("portal-webhooks-one", webhook_id)
        return _shown_once(self, rotated, is_new=False)


class TryWebhookView(PortalView):
    """A test event, put up for delivery."""

    permission = Permission.WEBHOOKS

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        try:
            webhooks.send_test(endpoint=found(self, webhook_id), actor=self.actor)
        except webhooks.EndpointDisabled:
            messages.error(request, "The webhook is switched off: switch it on first.")
        else:
            messages.success(request, "A test event is on its way; see below how it goes.")
        return self.go("portal-webhooks-one", webhook_id)


class RemoveWebhookView(PortalView):
    """Gone with its log and what was still to be told."""

    permission = Permission.WEBHOOKS

    def post(self, request: HttpRequest, webhook_id: str) -> HttpResponse:
        webhooks.remove(endpoint=found(self, webhook_id), actor=self.actor)
        messages.success(request, "The webhook is removed.")
        return self.go("portal-webhooks")


def found(view: PortalView, webhook_id: str) -> WebhookEndpoint:
    """The tenant's webhook of that id, whichever environment it is of."""
    for environment in Environment:
        try:
            return webhooks.find(tenant=view.tenant, environment=environment, public_id=webhook_id)
        except webhooks.EndpointNotFound:
            continue
    raise Http404


def _shown_once(view: PortalView, registered: webhooks.Registered, *, is_new: bool) -> HttpResponse:
    return view.page(
        "portal/webhook_secret.html",
        status=201,
        endpoint=registered.endpoint,
        key=registered.key,
        is_new=is_new,
    )
