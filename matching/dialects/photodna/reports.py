"""`Report`: what PhotoDNA Cloud's clients tell of an incident, for reports to the CyberTipline.

The files are looked up as in Match and forgotten like them; only one that is listed can be
reported. The operator's account reports, so `x-usr` and `x-pwd` are neither used nor kept.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

from matching.cybertips import Incident
from matching.dialects.photodna.requests import from_base64, lower_keys, only_json
from tenants.api.bodies import Text

MOST_CONTENTS: Final = 20
LONGEST_NOTE: Final = 1500
FORMATS: Final = ("%m/%d/%Y %I:%M:%S %p", "iso-8601")


class Moment(serializers.DateTimeField):
    """As .NET writes it or as ISO 8601 does; without an offset in UTC, and never in the future."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(input_formats=FORMATS, default_timezone=datetime.UTC, **terms)

    def to_internal_value(self, value: Any) -> datetime.datetime:
        at: datetime.datetime = super().to_internal_value(value)
        if at > timezone.now():
            raise serializers.ValidationError("This lies in the future.")
        return at


class ContentSerializer(serializers.Serializer[Any]):
    """One file, its keys in lower case; what else is told of it goes into the note."""

    name = Text(max_length=256, default="")
    value = Text()
    uploadipaddress = serializers.IPAddressField(required=False)
    uploaddatetime = Moment(required=False)


class ReportSerializer(serializers.Serializer[Any]):
    """The whole body, its keys in lower case."""

    orgname = Text(max_length=200, default="")
    reportername = Text(max_length=200)
    reporteremail = serializers.EmailField()
    incidenttime = Moment()
    reporteename = Text(max_length=200, default="", allow_blank=True)
    reporteeipaddress = serializers.IPAddressField(required=False)


class Report:
    """A Report call. Raises ParseError for what can not be understood."""

    def __init__(self, request: Request) -> None:
        body = _without_nothing(only_json(request))
        contents = body.pop("violationcontentcollection", None)
        self._metadata = metadata_of(body.pop("additionalmetadata", None))
        self._fields = _checked(ReportSerializer(data=body))
        if not isinstance(contents, list) or not 1 <= len(contents) <= MOST_CONTENTS:
            raise ParseError(f"ViolationContentCollection must hold 1 to {MOST_CONTENTS} items")
        self._told = [_without_nothing(one) for one in contents]
        self._contents = [_checked(ContentSerializer(data=one)) for one in self._told]

    @property
    def is_test(self) -> bool:
        return str(self._metadata.get("istest", "")).lower() == "true"

    def images(self) -> list[tuple[str, bytes]]:
        """The files with their names."""
        return [(one["name"], from_base64(one["value"])) for one in self._contents]

    def incident(self, place: int) -> Incident:
        """What is told of the file at `place`."""
        first, _, last = self._fields["reportername"].strip().rpartition(" ")
        return Incident(
            at=self._fields["incidenttime"],
            reporter_first_name=first or last,
            reporter_last_name=last,
            reporter_email=self._fields["reporteremail"],
            user_screen_name=self._fields["reporteename"],
            ip_events=self._ip_events(self._contents[place]),
            note=self._note(place),
        )

    def _ip_events(self, content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        at = self._fields["incidenttime"]
        found = [
            {"ip": content.get("uploadipaddress"), "event": "Upload"},
            {"ip": self._fields.get("reporteeipaddress"), "event": "Unknown"},
        ]
        times = (content.get("uploaddatetime") or at, at)
        return [{**one, "at": time} for one, time in zip(found, times, strict=True) if one["ip"]]

    def _note(self, place: int) -> str:
        told = self._told[place]
        location = told.get("location")
        places = lower_keys(location) if isinstance(location, Mapping) else {}
        rest = metadata_of(told.get("additionalmetadata")) | self._metadata
        rest.pop("istest", None)
        rows = {"Organisation": self._fields["orgname"], **places, **rest}
        return "; ".join(f"{name}: {value}" for name, value in rows.items() if value)[:LONGEST_NOTE]


def metadata_of(told: Any) -> dict[str, Any]:
    """`[{"Key": …, "Value": …}]`, or an object, with its names in lower case."""
    if isinstance(told, Mapping):
        return lower_keys(told)
    pairs = [lower_keys(one) for one in told] if isinstance(told, list) else []
    return {str(pair.get("key", "")).lower(): pair.get("value") for pair in pairs}


def _without_nothing(fields: Any) -> dict[str, Any]:
    """With names in lower case; null says as much as leaving a name out."""
    return {name: value for name, value in lower_keys(fields).items() if value is not None}


def _checked(form: serializers.Serializer[Any]) -> dict[str, Any]:
    try:
        form.is_valid(raise_exception=True)
    except ValidationError as error:
        wrong = "; ".join(f"{name}: {' '.join(map(str, why))}" for name, why in form.errors.items())
        raise ParseError(wrong) from error
    return dict(form.validated_data)
