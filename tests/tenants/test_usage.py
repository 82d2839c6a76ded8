"""Daily counters."""

from __future__ import annotations

import datetime

import pytest
from django.db import transaction
from django.db.models import Sum

from tenants import usage
from tenants.models import UsageDay

pytestmark = pytest.mark.django_db


def total(counter: str, **of_what) -> int:
    return UsageDay.objects.filter(**of_what).aggregate(sum=Sum(counter))["sum"]


def test_increments_add_up_over_the_slots(acme):
    for _ in range(30):
        usage.count(tenant=acme.tenant, environment="live", submissions=2, bytes=1000)

    assert (total("submissions"), total("bytes"), total("errors")) == (60, 30_000, 0)
    assert UsageDay.objects.count() <= usage.SLOTS


def test_a_day_is_a_day_in_utc(acme):
    before = datetime.datetime.now(datetime.UTC).date()
    usage.count(tenant=acme.tenant, environment="live", submissions=1)
    after = datetime.datetime.now(datetime.UTC).date()

    assert UsageDay.objects.get().day in {before, after}


def test_test_calls_never_count_as_live(acme):
    usage.count(tenant=acme.tenant, environment="test", submissions=1)

    assert total("submissions", environment="live") is None


def test_tenants_are_counted_apart(acme, rival):
    usage.count(tenant=acme.tenant, environment="live", submissions=1)

    assert total("submissions", tenant=rival.tenant) is None


def test_counting_is_one_statement(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        usage.count(tenant=acme.tenant, environment="live", submissions=1, matches=1)


def test_count_vanishes_with_its_transaction(acme):
    with transaction.atomic():
        usage.count(tenant=acme.tenant, environment="live", submissions=1)
        transaction.set_rollback(True)

    assert not UsageDay.objects.exists()


def test_every_counter_has_its_column():
    columns = {field.column for field in UsageDay._meta.fields}

    assert set(usage.COUNTERS) == columns - {"id", "tenant_id", "environment", "day", "slot"}


def test_unknown_counter_is_refused(acme):
    with pytest.raises(usage.UnknownCounter):
        usage.count(tenant=acme.tenant, environment="live", submissons=1)
