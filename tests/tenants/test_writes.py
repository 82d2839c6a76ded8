"""Writes of one statement: all of them, or none."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tenants.models import ApiKey, AuditEvent, Plan, Tenant, UsageDay
from tenants.usage import counting
from tenants.writes import insertion, insertions, unsaved, write_together

pytestmark = pytest.mark.django_db


def tenant_of(plan: Plan, slug: str) -> Tenant:
    return Tenant(name=slug.title(), slug=slug, plan=plan)


def test_rows_of_several_models_are_written_at_once(acme, django_assert_num_queries):
    plan = Plan.objects.first()
    with django_assert_num_queries(1):
        write_together(
            [
                insertion([tenant_of(plan, "first"), tenant_of(plan, "second")]),
                counting(tenant=acme.tenant, environment="live", submissions=3),
            ]
        )

    assert Tenant.objects.filter(slug__in=["first", "second"]).count() == 2
    assert UsageDay.objects.get(tenant=acme.tenant).submissions == 3


def test_one_that_fails_takes_the_others_with_it(acme):
    plan = Plan.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        write_together(
            [
                counting(tenant=acme.tenant, environment="live", submissions=3),
                insertion([tenant_of(plan, acme.tenant.slug)]),
            ]
        )

    assert not UsageDay.objects.filter(tenant=acme.tenant).exists()


def test_more_values_than_a_statement_may_have_are_written_all_the_same(acme, monkeypatch):
    monkeypatch.setattr("tenants.writes.MOST_VALUES", 40)
    plan = Plan.objects.first()
    write_together(
        [
            *insertions([tenant_of(plan, f"tenant-{number}") for number in range(20)]),
            counting(tenant=acme.tenant, environment="live", submissions=1),
        ]
    )

    assert Tenant.objects.filter(slug__startswith="tenant-").count() == 20
    assert UsageDay.objects.get(tenant=acme.tenant).submissions == 1


def test_an_unsaved_row_is_what_its_model_makes(acme):
    values = {"action": "request.served", "tenant": acme.tenant, "target": "/v1/key"}
    ours, theirs = unsaved(AuditEvent, **values), AuditEvent(**values)

    assert ours.tenant is acme.tenant
    assert ours._state.adding
    assert fields_of(ours) == fields_of(theirs)


def fields_of(event: AuditEvent) -> dict[str, object]:
    return {name: value for name, value in vars(event).items() if name != "_state"}


def test_a_value_without_a_field_is_no_row():
    with pytest.raises(TypeError, match="slugg"):
        unsaved(Tenant, name="Quick", slugg="same")


AWKWARD = [
    "",
    " ",
    'a "quoted" one',
    "back\\slash",
    "{brace}",
    "a,b",
    "NULL",
    "naïve ☃",
    "line\nend",
]


def test_awkward_texts_of_an_array_are_stored_as_they_are(acme):
    key = acme.key
    row = unsaved(ApiKey, **{**values_of(key), "key_id": "other", "scopes": AWKWARD})

    write_together([insertion([row])])

    assert ApiKey.objects.get(key_id="other").scopes == AWKWARD


def values_of(key: ApiKey) -> dict[str, object]:
    return {
        field.name: getattr(key, field.name)
        for field in ApiKey._meta.concrete_fields
        if not field.primary_key
    }


@pytest.mark.parametrize("data", [{}, {"text": 'a "quoted" ☃', "list": [1, None, 2.5, True]}])
def test_data_of_an_event_is_stored_as_it_is(acme, data):
    told = {"action": "request.served", "actor_kind": "key", "outcome": "success", "data": data}

    write_together([insertion([unsaved(AuditEvent, tenant=acme.tenant, **told)])])

    assert AuditEvent.objects.latest("id").data == data
