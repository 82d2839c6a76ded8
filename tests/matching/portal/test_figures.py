"""The figures of a period on a page, and monthly reports as files."""

from __future__ import annotations

import datetime

import pytest

from hashservice.database import OWNER, RUNTIME
from matching.models import PeriodReport, ReportState
from tenants.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
PAGE = "/portal/acme/reports"


def monthly(tenant, **values):
    first, last = datetime.date(2026, 10, 1), datetime.date(2026, 10, 31)
    return PeriodReport.objects.create(
        tenant=tenant, environment="live", first_day=first, last_day=last, **values
    )


@pytest.fixture
def state_dir(settings, tmp_path):
    """Checkpoints are written outside of the database, too."""
    settings.STATE_DIR = tmp_path


def test_page_counts_what_was_submitted_and_shows_the_checkpoint(
    compliance, acme, acme_api, unknown_picture, state_dir
):
    acme_api.post("/v1/match", unknown_picture, content_type="image/jpeg")
    page = compliance.get(PAGE).content.decode()

    assert "<dt>submissions</dt><dd>1</dd>" in page
    assert "no_known_match" in page
    assert f"/audit/{acme.tenant.public_id}" in page
    event = AuditEvent.objects.get(action="audit.read")
    assert (event.target, event.actor_id) == ("totals", "compliance@acme.example")


def test_other_period_counts_other_days(
    compliance, acme_api, unknown_picture, known_entry, state_dir
):
    acme_api.post("/v1/match", unknown_picture, content_type="image/jpeg")
    page = compliance.get(PAGE, {"since": "2020-01-01", "until": "2020-01-31"}).content.decode()

    assert "<dt>submissions</dt><dd>0</dd>" in page


def test_wrong_day_is_told(compliance, acme):
    assert compliance.get(PAGE, {"since": "yesterday"}).status_code == 422


def test_monthly_report_is_printed_again(compliance, acme, rival, state_dir):
    figures = compliance.get(PAGE).context["figures"]
    mine = monthly(acme.tenant, state=ReportState.MADE, figures=figures)
    theirs = monthly(rival.tenant, state=ReportState.MADE, figures=figures)
    waiting = PeriodReport.objects.create(
        tenant=acme.tenant,
        environment="test",
        first_day=datetime.date(2026, 10, 1),
        last_day=datetime.date(2026, 10, 31),
    )
    answer = compliance.get(f"{PAGE}/{mine.public_id}")

    assert answer.content.startswith(b"%PDF")
    assert "acme-2026-10.pdf" in answer.headers["Content-Disposition"]
    assert AuditEvent.objects.get(action="audit.exported").target == mine.public_id
    for other in (theirs, waiting):
        assert compliance.get(f"{PAGE}/{other.public_id}").status_code == 404
