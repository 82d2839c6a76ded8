"""The totals of a period are what anybody finds who counts the exported events and answers."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from PIL import Image

from hashservice.database import OWNER, RUNTIME
from tenants import keys
from tenants.audit import verify
from tenants.audit.record import Actor, record
from tenants.audit.seal import seal_pending
from tests.cast import NARRATOR
from tests.matching.lists import make_active, make_list
from tests.pictures import as_bytes, render_picture

# The sealer waits for every older transaction of the server, those of other tests included.
pytestmark = [
    pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER]),
    pytest.mark.alone,
]


@pytest.fixture
def lived(
    acme_api: Any, acme: Any, curator: User, second_curator: User, tmp_path: Any, settings: Any
) -> list[dict[str, Any]]:
    """Acme's answers to a morning's calls: every verdict, a refusal, feedback and a new key."""
    settings.STATE_DIR = tmp_path / "state"
    people = {"by": curator, "approver": second_curator}
    make_active(make_list("ncmec"), as_bytes(render_picture(1), "JPEG"), **people)
    make_active(make_list("iwf", violation="B2"), as_bytes(render_picture(2), "JPEG"), **people)
    flat = as_bytes(Image.new("RGB", (400, 300), "gray"), "PNG")
    shown = [
        *(as_bytes(render_picture(number), "JPEG") for number in (1, 1, 2, 3)),
        as_bytes(render_picture(1), "JPEG", quality=40),
        flat,
        b"no image",
    ]
    answers = [acme_api.post("/v1/match", data, content_type="image/jpeg").json() for data in shown]
    hashes = {"items": [{"md5": "d41d8cd98f00b204e9800998ecf8427e"}] * 3}
    answers += acme_api.post(
        "/v1/match/hashes", json.dumps(hashes), content_type="application/json"
    ).json()["results"]
    for answer, verdict in zip(answers[:2], ("confirmed", "false_positive"), strict=True):
        match_id = answer["matches"][0]["match_id"]
        body = json.dumps({"verdict": verdict})
        acme_api.post(f"/v1/matches/{match_id}/feedback", body, content_type="application/json")
    keys.revoke(key=acme.issue().key, actor=NARRATOR)
    seal_pending()
    return [answer for answer in answers if "verdict" in answer]


def exported(api: Any) -> list[dict[str, Any]]:
    """The events as the stand-alone verifier reads them; the first and last line are none."""
    lines = b"".join(api.get("/v1/audit/report").streaming_content).decode()
    return list(verify.read_records(io.StringIO(lines)))[1:-1]


def test_totals_are_those_of_an_independent_recount(acme_api, lived):
    events = exported(acme_api)
    totals = acme_api.get("/v1/audit/totals").json()
    matches = [match for answer in lived for match in answer["matches"]]
    calls = [event for event in events if event["status"] is not None]

    assert totals["submissions"]["total"] == len(lived) == 9
    assert totals["submissions"]["by_verdict"] == Counter(answer["verdict"] for answer in lived)
    assert totals["submissions"]["not_checked_reasons"] == {"quality_too_low": 1}
    assert sum(totals["submissions"]["by_day"].values()) == len(lived)
    for name, field in (
        ("by_type", "match_type"),
        ("by_violation", "violation"),
        ("by_list", "list"),
    ):
        assert totals["matches"][name] == Counter(match[field] for match in matches)
    assert sum(group["count"] for group in totals["matches"]["groups"]) == len(matches) == 4
    assert totals["events"]["by_action"] == Counter(event["action"] for event in events)
    assert totals["requests"]["served"] == sum(event["outcome"] == "success" for event in calls)
    assert totals["requests"]["refused_by_code"] == {"unsupported_media_type": 1}
    assert totals["decision_ms"]["measured"] == sum(
        "milliseconds" in event["data"] for event in events
    )
    assert 0 <= totals["decision_ms"]["median"] <= totals["decision_ms"]["p99"]


def test_calls_of_test_keys_and_looks_at_pages_are_in_no_live_figure(
    acme_api, acme_test_api, acme, curator, lived
):
    before = acme_api.get("/v1/audit/totals").json()
    flat = as_bytes(render_picture(4), "JPEG")
    for data in (flat, flat, b"no image"):
        acme_test_api.post("/v1/match", data, content_type="image/jpeg")
    person = Actor.user(curator)
    record(action="request.served", actor=person, tenant=acme.tenant, target="/portal", status=200)
    seal_pending()

    after, tests = (api.get("/v1/audit/totals").json() for api in (acme_api, acme_test_api))
    assert after["events"]["total"] >= before["events"]["total"] + 4
    assert after["requests"]["total"] == before["requests"]["total"] + 1  # for `before` itself
    assert after["requests"]["refused"] == before["requests"]["refused"]
    assert after["decision_ms"]["measured"] == before["decision_ms"]["measured"]
    assert (tests["requests"]["served"], tests["requests"]["refused"]) == (2, 1)
    assert tests["decision_ms"]["measured"] == 2


def test_totals_tell_of_feedback_keys_and_frameworks(acme_api, lived):
    totals = acme_api.get("/v1/audit/totals").json()

    assert (totals["feedback"]["confirmed"], totals["feedback"]["false_positive"]) == (1, 1)
    assert (totals["feedback"]["pending"], totals["feedback"]["outcomes"]["open"]) == (2, 2)
    assert totals["feedback"]["false_positive_rate"]["rate"] == 0.5
    acts = [act["action"] for act in totals["keys"]["newest"]]
    assert acts == ["key.revoked", "key.issued", "key.issued"]
    assert totals["frameworks"]["dsa"]["items_detected"] == 4
    assert totals["frameworks"]["dsa"]["accuracy"] == totals["feedback"]


def test_what_lies_outside_of_the_period_does_not_count(acme_api, lived):
    totals = acme_api.get("/v1/audit/totals?to=2020-01-01").json()

    assert (totals["submissions"]["total"], totals["matches"]["total"]) == (0, 0)
    assert (totals["events"]["total"], totals["decision_ms"]["median"]) == (0, None)


def test_rival_and_test_keys_count_apart(rival_api, acme_test_api, lived):
    for other in (rival_api, acme_test_api):
        totals = other.get("/v1/audit/totals").json()
        assert (totals["submissions"]["total"], totals["matches"]["groups"]) == (0, [])


def test_report_is_printed_and_recorded_as_an_export(acme_api, lived):
    answer = acme_api.get("/v1/audit/report?format=pdf&from=2020-01-01")
    seal_pending()

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    export = next(event for event in exported(acme_api) if event["action"] == "audit.exported")
    assert export["data"] == {"from": "2020-01-01", "format": "pdf"}
