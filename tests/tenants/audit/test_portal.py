"""The audit log in the portal: sealed events of one tenant, and reports that verify."""

from __future__ import annotations

import io

import pytest

from hashservice.database import OWNER, RUNTIME
from tenants.audit import checkpoints, verify
from tenants.audit.seal import seal_pending
from tenants.models import AuditEvent
from tests.tenants.portal.conftest import compliance, visit

pytestmark = pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
__all__ = ["compliance", "visit"]


def test_page_shows_the_tenants_sealed_events_alone_and_filters_them(compliance, acme, rival):
    seal_pending()
    page = compliance.get("/portal/acme/audit").content.decode()
    filtered = compliance.get("/portal/acme/audit?action=tenant.created").content.decode()

    assert acme.key.key_id in page
    assert rival.key.key_id not in page
    assert acme.tenant.public_id in filtered
    assert acme.key.key_id not in filtered


def test_report_verifies_and_names_who_took_it(compliance, acme):
    seal_pending()
    answer = compliance.get("/portal/acme/audit/report", {"report-format": "jsonl"})
    text = b"".join(answer.streaming_content).decode()
    key = checkpoints.public_key(checkpoints.origin_of(acme.tenant))

    assert verify.verify_report(verify.read_records(io.StringIO(text, newline="")), key=key)
    event = AuditEvent.objects.get(action="audit.exported")
    assert (event.actor_id, event.tenant) == ("compliance@acme.example", acme.tenant)


def test_figures_are_printed(compliance, acme):
    seal_pending()
    answer = compliance.get("/portal/acme/audit/report", {"report-format": "pdf"})

    assert answer.content.startswith(b"%PDF")
    assert "attachment" in answer.headers["Content-Disposition"]
