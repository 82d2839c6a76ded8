"""PhotoDNA's `Report`: read as its clients write it, sent to the CyberTipline, never by halves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from matching.models import CyberTip, Submission
from tests.cast import Customer
from tests.matching.lists import make_active
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db
Ask = Callable[..., HttpResponse]
TOLD = {
    "OrgName": "Acme",
    "ReporterName": "Ada King Lovelace",
    "ReporterEmail": "ada@example.org",
    "IncidentTime": "2/29/2024 1:02:03 PM",
    "ReporteeName": "somebody",
    "ReporteeIPAddress": "203.0.113.7",
}


@pytest.fixture
def ask(acme: Customer) -> Ask:
    secret = acme.issue(scopes=["match", "reports"]).secret

    def ask(*files: bytes, secret: str = secret, **fields: Any) -> HttpResponse:
        contents = [
            {
                "Name": f"file-{number}",
                "Value": base64.b64encode(data).decode(),
                "Location": {"Latitude": 1.5, "Longitude": 2.5, "Altitude": None},
                "UploadIpAddress": "203.0.113.8",
                "UploadDateTime": "2024-02-29T12:00:00Z",
                "AdditionalMetadata": [{"Key": "Album", "Value": "seven"}],
            }
            for number, data in enumerate(files)
        ]
        body = {**TOLD, "ViolationContentCollection": contents, **fields}
        client = Client(headers={"Ocp-Apim-Subscription-Key": secret})
        answer = client.post("/photodna/v1.0/Report", json.dumps(body), content_type="text/plain")
        return answer.json()

    return ask


@pytest.fixture
def listed(ncmec, known_picture, curator, second_curator) -> bytes:
    make_active(ncmec, known_picture, by=curator, approver=second_curator)
    return known_picture


def test_report_of_a_listed_file_is_queued_with_all_that_was_told(ask, listed, settings):
    settings.NCMEC_URL = "https://ncmec.example.org"
    answer = ask(listed)
    tip = CyberTip.objects.get()

    assert answer["Status"]["Code"] == 3000
    assert (answer["ReportId"], answer["ReportIds"]) == (tip.public_id, [tip.public_id])
    assert tip.state == "queued"
    for told in (
        "2024-02-29T13:02:03+00:00",
        "<firstName>Ada King</firstName>",
        "<lastName>Lovelace</lastName>",
        "203.0.113.7",
        "2024-02-29T12:00:00+00:00",
        "album: seven",
        "latitude: 1.5",
        "file-0",
    ):
        assert told in tip.document


@pytest.mark.parametrize(
    "metadata", [[{"Key": "IsTest", "Value": "true"}], {"isTest": True}], ids=["list", "object"]
)
def test_test_report_stays_a_draft(ask, listed, settings, metadata):
    settings.NCMEC_URL = "https://ncmec.example.org"
    answer = ask(listed, AdditionalMetadata=metadata)

    assert answer["Status"]["Code"] == 3000
    assert CyberTip.objects.get().state == "draft"


def test_file_that_is_not_listed_makes_the_whole_report_refused(ask, listed, settings):
    settings.NCMEC_URL = "https://ncmec.example.org"
    answer = ask(listed, as_bytes(render_picture(77), "JPEG"))

    assert (answer["Status"]["Code"], answer["ReportId"]) == (3002, None)
    assert "file-1 is not listed" in answer["Status"]["Exception"]
    assert not CyberTip.objects.exists()


def test_without_anywhere_to_send_it_nothing_is_looked_up_or_kept(ask, listed):
    answer = ask(listed)

    assert answer["Status"]["Code"] == 3002
    assert "NCMEC_URL" in answer["Status"]["Exception"]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("IncidentTime", "yesterday"),
        ("IncidentTime", "1/1/2999 1:00:00 AM"),
        ("ReporterEmail", None),
        ("ReporteeIPAddress", "300.1.1.1"),
        ("ViolationContentCollection", []),
        ("ViolationContentCollection", [{"Name": "a"}]),
        ("ViolationContentCollection", [{"Value": "%%%"}]),
        ("ViolationContentCollection", ["a"]),
    ],
)
def test_what_can_not_be_understood_is_told_and_not_reported(ask, listed, settings, field, value):
    settings.NCMEC_URL = "https://ncmec.example.org"
    answer = ask(listed, **{field: value})

    assert (answer["Status"]["Code"], answer["ReportId"]) == (3002, None)
    assert answer["Status"]["Exception"]
    assert not CyberTip.objects.exists()


def test_key_without_the_scope_reports_nothing(ask, listed, acme):
    answer = ask(listed, secret=acme.issue(scopes=["match"]).secret)

    assert answer["statusCode"] == 403
