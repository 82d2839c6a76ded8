"""Reports of matches: prepared, checked, sent, tried again, held for a year."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from matching.cybertips import OfATestKey, TipInvalid, send, send_due
from matching.cybertips.schema import checked
from matching.models import CyberTip, Hold, Match, Submission
from tenants.models import AuditEvent
from tests.cast import NARRATOR
from tests.matching.cybertips.cybertipline import CyberTipline, cybertipline, misplaced
from tests.tenants.outgoing.hosts import HERE

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
INCIDENT = {
    "at": "2026-01-01T10:00:00+02:00",
    "reporter_first_name": "Ada",
    "reporter_last_name": "Lovelace <ESP>",
    "reporter_email": "ada@example.org",
    "url": "https://example.org/post/7",
    "user_id": "u-7",
    "user_screen_name": "seven",
    "user_email": "seven@example.org",
    "legal_url": "https://example.org/legal",
    "ip_events": [
        {"ip": "203.0.113.9", "at": "2026-01-01T09:59:00Z"},
        {"ip": "2001:db8::1", "event": "Login", "at": "2026-01-01T09:00:00Z"},
    ],
    "note": "second & last time",
}


@pytest.fixture
def line(settings: Any) -> Iterator[CyberTipline]:
    with cybertipline(HERE) as server:
        settings.OUTGOING_ALLOWED_NETWORKS = [f"{HERE}/32"]
        settings.OUTGOING_HTTP = True
        settings.NCMEC_URL = server.url
        settings.NCMEC_USERNAME, settings.NCMEC_PASSWORD = "esp", "secret"
        yield server


@pytest.fixture
def match_id(acme_api: Any, known_entry: Any, known_picture: bytes) -> str:
    answer = acme_api.post(
        "/v1/match?content_id=upload-1", known_picture, content_type="image/jpeg"
    )
    return str(answer.json()["matches"][0]["match_id"])


def post(client: Any, path: str, body: Any = None) -> Any:
    return client.post(path, json.dumps(body or {}), content_type="application/json")


def prepare(client: Any, match_id: str, **more: Any) -> Any:
    return post(client, f"/v1/matches/{match_id}/reports", {**INCIDENT, **more})


def released(client: Any, match_id: str) -> CyberTip:
    report_id = prepare(client, match_id).json()["report_id"]
    assert post(client, f"/v1/reports/{report_id}/send").status_code == 202
    return CyberTip.objects.get(public_id=report_id)


def later(tip: CyberTip, **values: Any) -> None:
    """As if the next attempt were due."""
    CyberTip.objects.filter(pk=tip.pk).update(next_attempt_at=timezone.now(), **values)


def test_report_is_a_draft_unless_it_is_sent(acme_api, match_id, line):
    draft = prepare(acme_api, match_id).json()
    send_due()

    assert (draft["status"], draft["match_id"]) == ("draft", match_id)
    assert line.opened == {}
    assert not Hold.objects.exists()


def test_what_a_test_key_found_is_never_sent(acme_api, match_id, line):
    report_id = prepare(acme_api, match_id).json()["report_id"]
    Submission.objects.update(environment="test")
    tip = CyberTip.objects.get(public_id=report_id)

    with pytest.raises(OfATestKey):
        send(tip=tip, actor=NARRATOR)

    send_due()
    assert line.opened == {}
    assert CyberTip.objects.get().state == "draft"


def test_document_stands_in_order_and_tells_how_the_file_was_found(acme_api, match_id):
    document = prepare(acme_api, match_id).json()["document"]

    assert misplaced(document) == []
    for told in ("upload-1", "Industry classification: A1", "hash match (exact)", "&lt;ESP&gt;"):
        assert told in document


def test_least_that_is_told_makes_a_report(acme_api, match_id, line):
    told = {name: INCIDENT[name] for name in INCIDENT if name == "at" or "reporter" in name}
    report_id = post(acme_api, f"/v1/matches/{match_id}/reports", told).json()["report_id"]
    post(acme_api, f"/v1/reports/{report_id}/send")
    send_due()

    assert line.finished == ["4564654"]


def test_sent_report_is_finished_once_and_the_record_is_held_for_a_year(acme_api, match_id, line):
    tip = released(acme_api, match_id)
    assert (send_due(), send_due()) == (1, 0)

    answer = acme_api.get(f"/v1/reports/{tip.public_id}").json()
    assert (answer["status"], answer["reference"]) == ("sent", "4564654")
    assert line.finished == ["4564654"]
    hold = Hold.objects.get()
    assert hold.submission == Match.objects.get(public_id=match_id).submission
    assert hold.until - timezone.now() > 365 * DAY
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"tip.prepared", "tip.queued", "tip.sent", "hold.placed"} <= actions


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "2999-01-01T00:00:00Z"},
        {"type": "something else"},
        {"reporter_email": "nobody"},
        {"ip_events": [{"ip": "here", "at": "2026-01-01T00:00:00Z"}]},
        {"unknown": 1},
        {"legal_url": "urn:law"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_incident_that_makes_no_sense_is_refused(acme_api, match_id, wrong):
    answer = prepare(acme_api, match_id, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
    assert not CyberTip.objects.exists()


def test_what_xml_has_no_place_for_is_refused(acme_api, match_id):
    answer = prepare(acme_api, match_id, reporter_last_name="Love\x02lace")

    assert (answer.status_code, answer.json()["code"]) == (422, "report_invalid")
    assert not CyberTip.objects.exists()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("<report><reporter/><incidentSummary/></report>", "wrong order"),
        ("<report><incidentSummary/></report>", "lacks reporter"),
        ("<report><image/></report>", "may not hold image"),
        ("<tip/>", "no report"),
    ],
)
def test_document_that_the_schema_refuses_is_not_sent(document, why):
    with pytest.raises(TipInvalid, match=why):
        checked(document)


def test_outage_is_waited_out(acme_api, match_id, line):
    tip = released(acme_api, match_id)
    line.broken = True
    send_due()
    tip.refresh_from_db()
    assert (tip.state, tip.attempts) == ("queued", 1)
    assert tip.next_attempt_at > timezone.now()
    assert send_due() == 0

    line.broken = False
    later(tip)
    send_due()
    assert line.finished == ["4564654"]


def test_report_cut_short_goes_on_where_it_ended(acme_api, match_id, line):
    tip = released(acme_api, match_id)
    line.deaf = True
    send_due()
    line.deaf = False
    later(tip)
    send_due()

    assert (list(line.opened), line.finished) == (["4564654"], ["4564654"])


def test_after_thirty_days_it_is_given_up(acme_api, match_id, line):
    tip = released(acme_api, match_id)
    line.broken = True
    later(tip, queued_at=timezone.now() - 31 * DAY)
    send_due()

    tip.refresh_from_db()
    assert (tip.state, tip.next_attempt_at) == ("failed", None)
    assert AuditEvent.objects.filter(action="tip.failed").count() == 1


def test_refused_report_is_not_tried_again(acme_api, match_id, line):
    tip = released(acme_api, match_id)
    CyberTip.objects.update(
        document="<report><reporter/><incidentSummary/></report>"  # as if their schema had changed
    )
    send_due()

    tip.refresh_from_db()
    assert tip.state == "failed"
    assert "4100" in tip.last_error


def test_match_is_reported_once(acme_api, match_id, line):
    released(acme_api, match_id)
    second = prepare(acme_api, match_id).json()["report_id"]

    answer = post(acme_api, f"/v1/reports/{second}/send")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_releasing_twice_is_one_report_and_one_hold(acme_api, match_id, line):
    tip = released(acme_api, match_id)
    post(acme_api, f"/v1/reports/{tip.public_id}/send")

    assert (send_due(), Hold.objects.count()) == (1, 1)


def test_without_an_address_nothing_is_released(acme_api, match_id):
    report_id = prepare(acme_api, match_id).json()["report_id"]
    answer = post(acme_api, f"/v1/reports/{report_id}/send")

    assert (answer.status_code, answer.json()["code"]) == (409, "reporting_not_configured")


def test_reports_are_listed(acme_api, rival_api, match_id):
    prepare(acme_api, match_id)

    assert len(acme_api.get("/v1/reports").json()["reports"]) == 1
    assert rival_api.get("/v1/reports").json()["reports"] == []
