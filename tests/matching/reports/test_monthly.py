"""Monthly reports: one for each tenant, whatever happens to who makes them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from matching import reports
from matching.models import PeriodReport
from matching.reports import monthly
from tenants.memberships import add_member
from tenants.models import AuditEvent, Role, Tenant, WebhookDelivery, WebhookEndpoint
from tests.cast import NARRATOR

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 1, 2, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def outside(tmp_path: Any, settings: Any) -> None:
    """Checkpoints are kept in a folder of the test's own."""
    settings.STATE_DIR = tmp_path


@pytest.fixture
def october(acme: Any) -> PeriodReport:
    """Acme's report of October, put up and not worked off."""
    Tenant.objects.update(created_at=datetime.datetime(2026, 10, 20, tzinfo=datetime.UTC))
    assert reports.schedule_month(now=NOW) == 1
    return PeriodReport.objects.get()


def member(acme: Any, name: str, role: Role) -> None:
    user = User.objects.create_user(name, f"{name}@example.org")
    add_member(user=user, tenant=acme.tenant, role=role, actor=NARRATOR)


def test_month_is_put_up_once_for_each_tenant(october):
    assert (october.first_day, october.last_day) == (
        datetime.date(2026, 10, 1),
        datetime.date(2026, 10, 31),
    )
    assert reports.schedule_month(now=NOW) == 0


def test_month_is_not_put_up_before_its_events_are_sealed(acme):
    early = datetime.datetime(2026, 11, 1, 0, 30, tzinfo=datetime.UTC)
    Tenant.objects.update(created_at=datetime.datetime(2026, 9, 20, tzinfo=datetime.UTC))
    reports.schedule_month(now=early)

    assert PeriodReport.objects.get().last_day == datetime.date(2026, 9, 30)


def test_tenants_that_began_later_get_none(acme):
    assert reports.schedule_month(now=NOW) == 0


def test_report_is_counted_told_and_sent_to_compliance(acme, october):
    WebhookEndpoint.objects.create(
        tenant=acme.tenant,
        environment="live",
        url="https://example.org/",
        events=["report.ready"],
    )
    member(acme, "ada", Role.COMPLIANCE)
    member(acme, "grace", Role.OWNER)
    assert reports.work_off() == 2

    october.refresh_from_db()
    assert october.state == "sent"
    [message] = mail.outbox
    assert message.recipients() == ["ada@example.org"]
    [(name, document, kind)] = message.attachments
    assert (name, kind, document[:5]) == ("report-acme-2026-10.pdf", "application/pdf", b"%PDF-")
    delivery = WebhookDelivery.objects.get()
    assert json.loads(delivery.body)["data"]["report_id"] == october.public_id
    actions = AuditEvent.objects.filter(target=october.public_id).values_list("action", flat=True)
    assert sorted(actions) == ["report.made", "report.sent"]


def test_owners_get_it_where_nobody_has_the_compliance_role(acme, october):
    member(acme, "grace", Role.OWNER)
    member(acme, "dev", Role.DEVELOPER)
    reports.work_off()

    assert [message.recipients() for message in mail.outbox] == [["grace@example.org"]]


def test_kept_figures_print_the_same_document_again(acme, october, acme_api):
    reports.work_off()
    path = f"/v1/audit/reports/{october.public_id}"
    first, second = (acme_api.get(f"{path}?format=pdf") for _ in range(2))

    assert first.content == second.content
    assert acme_api.get(path).json()["figures"]["period"] == {
        "from": "2026-10-01T00:00:00+00:00",
        "to": "2026-11-01T00:00:00+00:00",
    }
    assert [report["status"] for report in acme_api.get("/v1/audit/reports").json()["reports"]] == [
        "sent"
    ]


def test_failing_mail_is_tried_again_later(acme, october, monkeypatch):
    member(acme, "ada", Role.COMPLIANCE)

    def refuse(report: PeriodReport) -> int:
        raise monthly.NotMailed("not mailed: ConnectionRefusedError")

    with monkeypatch.context() as patch:
        patch.setattr(monthly, "mail", refuse)
        reports.work_off()
    october.refresh_from_db()
    assert (october.state, october.last_error) == ("made", "not mailed: ConnectionRefusedError")
    assert october.next_attempt_at > timezone.now()

    PeriodReport.objects.update(next_attempt_at=timezone.now())
    reports.work_off()
    assert len(mail.outbox) == 1


def test_claimed_report_is_left_alone_until_the_lease_ends(october):
    assert monthly._claimed() is not None

    assert reports.work_off() == 0


def test_who_lost_the_lease_changes_nothing(october):
    late = monthly._claimed()
    PeriodReport.objects.update(next_attempt_at=timezone.now())
    reports.work_off()
    assert late is not None
    monthly._make(late)

    assert AuditEvent.objects.filter(action="report.made").count() == 1
