"""Usage, settings, audit log: pages over the verbs that the API has."""

from __future__ import annotations

import pytest

from tenants import usage
from tenants.models import AuditEvent, Tenant

pytestmark = pytest.mark.django_db


def test_usage_is_a_chart_and_the_same_as_a_table(owner, acme):
    usage.count(tenant=acme.tenant, environment="live", submissions=1234, matches=7)
    page = owner.get("/portal/acme/usage").content.decode()

    assert "<svg" in page
    assert "1,234" in page
    assert '<td class="count">1234</td><td class="count">7</td>' in page
    assert AuditEvent.objects.filter(action="usage.read", actor_kind="user").exists()


def test_usage_of_test_keys_stands_apart(owner, acme):
    usage.count(tenant=acme.tenant, environment="test", submissions=1234)

    assert "1,234" not in owner.get("/portal/acme/usage").content.decode()
    assert "1,234" in owner.get("/portal/acme/usage?environment=test").content.decode()


@pytest.mark.parametrize("query", ["days=x", "days=9999999", "environment=x"])
def test_usage_answers_nonsense_with_the_usual(owner, acme, query):
    assert owner.get(f"/portal/acme/usage?{query}").status_code == 200


def test_settings_are_changed_and_recorded(owner, acme):
    fields = {"strict_mode": "on", "enhance_by_default": "inline", "retain_hashes_days": "0"}
    owner.post("/portal/acme/settings", fields)

    tenant = Tenant.objects.get(pk=acme.tenant.pk)
    assert (tenant.strict_mode, tenant.enhance_by_default) == (True, "inline")
    event = AuditEvent.objects.get(action="tenant.settings_changed")
    assert event.actor_id == "owner@acme.example"


def test_impossible_setting_is_refused_in_words(owner, acme):
    fields = {"enhance_by_default": "off", "retain_hashes_days": "9999"}
    answer = owner.post("/portal/acme/settings", fields)

    assert answer.status_code == 422
    assert "less than or equal" in answer.content.decode()


@pytest.mark.parametrize("query", ["cursor=x", "since=yesterday", "action=x.y"])
def test_audit_log_refuses_nonsense(compliance, acme, query):
    assert compliance.get(f"/portal/acme/audit?{query}").status_code == 422


def test_client_is_the_file_of_this_service(compliance, acme, settings):
    answer = compliance.get("/portal/acme/client")

    file = settings.BASE_DIR / "deploy" / "client" / "hashservice_client.py"
    assert answer.content == file.read_bytes()
    assert answer["Content-Disposition"] == 'attachment; filename="hashservice_client.py"'
