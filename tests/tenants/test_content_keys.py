"""Events name a file by a keyed digest; two people can destroy the key, and the log stays whole."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from hashservice.database import OWNER, RUNTIME
from tenants.audit import checkpoints
from tenants.audit.content import content_reference
from tenants.audit.inspection import inspect
from tenants.audit.seal import seal_pending
from tenants.content_keys import destroy, propose_destruction
from tenants.models import AuditEvent, Tenant
from tenants.proposals import SamePerson
from tests.pictures import as_bytes, render_picture


@pytest.fixture
def picture(acme_api: Any) -> bytes:
    data = as_bytes(render_picture(1), "JPEG")
    acme_api.post("/v1/match", data, content_type="image/jpeg")
    return data


def reference_of(tenant: Tenant, data: bytes) -> str:
    tenant.refresh_from_db()
    return content_reference(tenant, hashlib.sha256(data).digest())


def logged() -> Any:
    return AuditEvent.objects.get(action="image.checked").data


@pytest.mark.django_db
def test_tenant_can_show_which_file_an_event_is_about(acme, rival, picture):
    assert logged()["content"] == reference_of(acme.tenant, picture)
    assert logged()["content"] != reference_of(rival.tenant, picture)
    assert hashlib.sha256(picture).hexdigest() not in str(logged())


@pytest.mark.django_db
def test_one_person_can_not_destroy_the_link(acme, picture, curator):
    proposal = propose_destruction(tenant=acme.tenant, reason="erasure", actor=curator)
    with pytest.raises(SamePerson):
        destroy(proposal=proposal, actor=curator)

    assert logged()["content"] == reference_of(acme.tenant, picture)


@pytest.mark.alone
@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_destroyed_key_cuts_the_link_and_the_log_still_verifies(
    acme, picture, curator, second_curator, settings, tmp_path
):
    settings.STATE_DIR = tmp_path
    seal_pending()
    checkpoints.current(acme.tenant)
    proposal = propose_destruction(tenant=acme.tenant, reason="erasure", actor=curator)
    destroy(proposal=proposal, actor=second_curator)
    seal_pending()
    checkpoints.current(acme.tenant)

    assert logged()["content"] != reference_of(acme.tenant, picture)
    inspect(acme.tenant)
    assert AuditEvent.objects.filter(action="content_key.destroyed").count() == 1


@pytest.mark.django_db
def test_every_tenant_has_a_key_of_its_own(acme, rival):
    assert bytes(acme.tenant.content_key) != bytes(rival.tenant.content_key)
