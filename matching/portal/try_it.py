"""Try it: a picture, a test key, the answer, and the same call as a line to copy."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from matching.hashing import ImageError, sandbox
from matching.match import PRICE_OF_ADMISSION, PartialBusy, match_image
from matching.partial.live import PartialIndexUnavailable
from matching.serializers import answer
from matching.snapshot import IndexUnavailable
from tenants import keys
from tenants.memberships import Permission
from tenants.models import ApiKey, Enhancement, Environment, KeyStatus
from tenants.portal.examples import CURL, service_url
from tenants.portal.views import PortalView
from tenants.throttling import admit

SHOWN_SECRET = "$KEY"  # noqa: S105 a shell variable in the line to copy
UNAVAILABLE = (
    IndexUnavailable,
    PartialBusy,
    PartialIndexUnavailable,
    sandbox.DecoderUnavailable,
)


class TryItForm(forms.Form):
    key = forms.ChoiceField(label="Test key")
    image = forms.FileField(label="Picture", help_text="It is looked at and forgotten.")
    enhance = forms.BooleanField(
        required=False, label="Also look for parts of listed pictures (crops, collages)"
    )

    def __init__(self, *args: Any, choices: list[ApiKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["key"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 as declared above
        field.choices = [(key.key_id, f"{key.name} ({key.key_id})") for key in choices]


class TryItView(PortalView):
    """The verdict on a picture, as a program with that key would get it."""

    permission = Permission.TRY_IT

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        usable = self._usable_keys()
        return self._shown(TryItForm(choices=usable), usable)

    def post(self, request: HttpRequest) -> HttpResponse:
        usable = self._usable_keys()
        form = TryItForm(data=request.POST, files=request.FILES, choices=usable)
        if not form.is_valid():
            return self._shown(form, usable, status=422)
        key = next(key for key in usable if key.key_id == form.cleaned_data["key"])
        if not admit(key=key, cost=PRICE_OF_ADMISSION).allowed:
            form.add_error(None, "These were many calls; wait a little.")
            return self._shown(form, usable, status=429)
        return self._answered(form, usable, key)

    def _answered(self, form: TryItForm, usable: list[ApiKey], key: ApiKey) -> HttpResponse:
        actor = dataclasses.replace(self.actor, key_id=key.key_id)
        try:
            outcome = match_image(
                key=key,
                data=form.cleaned_data["image"].read(),
                enhance=Enhancement.INLINE if form.cleaned_data["enhance"] else Enhancement.OFF,
                actor=actor,
            )
        except ImageError as error:
            form.add_error("image", str(error) or "This picture can not be read.")
            return self._shown(form, usable, status=422)
        except UNAVAILABLE:
            form.add_error(None, "Nothing can be checked at the moment; nothing was decided.")
            return self._shown(form, usable, status=503)
        body = answer(outcome.submission, outcome.matches)
        return self._shown(form, usable, verdict=body["verdict"], body=json.dumps(body, indent=2))

    def _usable_keys(self) -> list[ApiKey]:
        own = keys.keys_of(tenant=self.tenant, environment=Environment.TEST)
        now = timezone.now()
        return [
            key
            for key in own.select_related("tenant__plan")
            if key.status_at(now) == KeyStatus.ACTIVE and "match" in key.scopes
        ]

    def _shown(
        self, form: TryItForm, usable: list[ApiKey], status: int = 200, **result: str
    ) -> HttpResponse:
        curl = CURL.format(secret=SHOWN_SECRET, url=service_url(self.request))
        return self.page(
            "portal/try_it.html", status=status, form=form, usable=usable, curl=curl, **result
        )
