"""What a tenant decides about its own calls."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.models import AuditEvent, Plan, Tenant
from tenants.tenant_settings import SettingsInvalid, change_settings, settings_of
from tests.cast import NARRATOR, Customer

pytestmark = pytest.mark.django_db


def change(customer: Customer, **changes: Any) -> Any:
    return change_settings(tenant=customer.tenant, actor=NARRATOR, **changes)


def test_a_new_tenant_has_cautious_settings(acme):
    assert settings_of(acme.tenant) == {
        "strict_mode": False,
        "enhance_by_default": "off",
        "retain_hashes_days": 0,
    }


def test_a_change_is_recorded_with_the_values_before_and_after(acme):
    changed = change(acme, strict_mode=True, retain_hashes_days=0)

    event = AuditEvent.objects.get(action="tenant.settings_changed")
    assert (changed.strict_mode, event.tenant) == (True, acme.tenant)
    assert event.data == {"before": {"strict_mode": False}, "after": {"strict_mode": True}}


def test_what_is_not_named_stays(acme):
    change(acme, retain_hashes_days=30)
    change(acme, enhance_by_default="async")

    acme.tenant.refresh_from_db()
    assert settings_of(acme.tenant) == {
        "strict_mode": False,
        "enhance_by_default": "async",
        "retain_hashes_days": 30,
    }


def test_nothing_is_written_when_nothing_changes(acme):
    change(acme, strict_mode=False)

    assert not AuditEvent.objects.filter(action="tenant.settings_changed").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"retain_hashes_days": 366},
        {"retain_hashes_days": -1},
        {"retain_hashes_days": "soon"},
        {"enhance_by_default": "always"},
        {"strict_mode": "perhaps"},
        {"strict_mode": None},
        {"name": "Acme & Co"},
    ],
)
def test_unusable_values_are_refused_and_change_nothing(acme, changes):
    with pytest.raises(SettingsInvalid):
        change(acme, **changes)

    acme.tenant.refresh_from_db()
    assert settings_of(acme.tenant)["retain_hashes_days"] == 0
    assert not AuditEvent.objects.filter(action="tenant.settings_changed").exists()


def test_hashes_are_kept_only_by_a_plan_with_lookback(acme):
    change(acme, retain_hashes_days=30)
    kept_before = Tenant.objects.get(pk=acme.tenant.pk).hashes_kept_days
    Tenant.objects.filter(pk=acme.tenant.pk).update(plan=Plan.objects.get(slug="free"))

    acme.tenant.refresh_from_db()
    assert (kept_before, acme.tenant.hashes_kept_days) == (30, 0)
    with pytest.raises(SettingsInvalid, match="lookback"):
        change(acme, retain_hashes_days=31)
