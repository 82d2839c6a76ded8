"""PostgreSQL itself keeps tenants apart: also where a query names no tenant."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, connections, transaction
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from hashservice.celery import app as celery_app
from hashservice.database import OWNER, RUNTIME
from hashservice.isolation import isolate_tenants, isolated_models
from hashservice.middleware import ActingMiddleware
from hashservice.postgres.base import DatabaseWrapper
from tenants import acting, keys, usage
from tenants.acting import NOBODY, SERVICE, Acting, acting_as
from tenants.audit.record import Actor, record
from tenants.models import ApiKey, AuditEvent, Tenant, UsageDay

pytestmark = pytest.mark.django_db
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def as_tenant(tenant: Tenant) -> Any:
    return acting_as(Acting(tenant=tenant.pk))


def ask(client: Any) -> Any:
    body = json.dumps({"items": [{"md5": EMPTY_MD5}]})
    return client.post("/v1/match/hashes", body, content_type="application/json")


def has_tenant(model: Any) -> bool:
    try:
        model._meta.get_field("tenant")
    except FieldDoesNotExist:
        return False
    return True


MODELS = [model for model in apps.get_models() if has_tenant(model)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_table_with_a_tenant_is_isolated_from_its_owner_too(model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy"
            " WHERE polrelid = pg_class.oid AND polname = 'tenant_rows')"
            " FROM pg_class WHERE oid = %s::regclass",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, True, 1)
    assert model in isolated_models()


def test_nothing_bypasses_the_policies():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nobody_sees_no_row(model, acme, rival):
    with acting_as(NOBODY):
        assert not model.objects.exists()


def test_tenant_sees_its_own_rows_though_the_query_names_none(acme, rival):
    with as_tenant(acme.tenant):
        assert [key.key_id for key in ApiKey.objects.all()] == [acme.key.key_id]
        assert set(AuditEvent.objects.values_list("tenant", flat=True)) == {acme.tenant.pk}


def test_tenant_changes_no_foreign_row(acme, rival):
    with as_tenant(acme.tenant):
        assert ApiKey.objects.filter(pk=rival.key.pk).update(name="mine") == 0
        assert ApiKey.objects.filter(pk=rival.key.pk).delete()[0] == 0
    rival.key.refresh_from_db()

    assert rival.key.name != "mine"


@pytest.mark.parametrize("whom", ["rival", "nobody"])
def test_nobody_else_writes_a_row_for_a_tenant(acme, rival, whom):
    writer = Acting(tenant=rival.tenant.pk) if whom == "rival" else NOBODY
    with acting_as(writer):
        for write in (
            lambda: usage.count(tenant=acme.tenant, environment="live", submissions=1),
            lambda: record(action="key.read", actor=Actor.anonymous(), tenant=acme.tenant),
        ):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                write()

    assert not UsageDay.objects.exists()


def test_row_is_not_given_away(acme, rival):
    with (
        as_tenant(acme.tenant),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        ApiKey.objects.update(tenant=rival.tenant)


def test_nobody_records_what_nobody_did():
    with acting_as(NOBODY):
        record(action="request.refused", actor=Actor.anonymous())
        assert not AuditEvent.objects.exists()

    assert AuditEvent.objects.count() == 1


def test_request_sees_its_tenant_alone_without_the_filters_of_the_application(
    acme, rival, acme_api, monkeypatch
):
    everything = ApiKey.objects.all().order_by("-pk")
    monkeypatch.setattr(keys, "keys_of", lambda **_: everything.all())
    monkeypatch.setattr("tenants.keys.reading.keys_of", lambda **_: everything.all())

    shown = [key["id"] for key in acme_api.get("/v1/keys").json()["keys"]]
    assert shown == [acme.key.key_id]
    assert acme_api.get(f"/v1/keys/{rival.key.key_id}").status_code == 404


def test_submission_of_another_is_not_found_without_the_filter(acme_api, rival_api, monkeypatch):
    ids = [ask(client).json()["results"][0]["submission_id"] for client in (acme_api, rival_api)]
    from_all = "matching.access.Submission.objects.filter"
    monkeypatch.setattr(from_all, lambda **_: apps.get_model("matching.Submission").objects.all())

    found = [acme_api.get(f"/v1/submissions/{name}").status_code for name in ids]
    assert found == [200, 404]


@pytest.fixture
def tellings(monkeypatch: pytest.MonkeyPatch) -> list[Acting]:
    """Whom PostgreSQL was told of in statements of their own."""
    told: list[Acting] = []
    tell = DatabaseWrapper.tell

    def noted(self: DatabaseWrapper, whom: Acting) -> None:
        told.append(whom)
        tell(self, whom)

    monkeypatch.setattr(DatabaseWrapper, "tell", noted)
    return told


def test_requests_of_any_tenants_in_turn_tell_nothing_extra(acme_api, rival_api, tellings):
    with acting_as(NOBODY):
        for client in (acme_api, rival_api):
            ask(client)
        tellings.clear()
        for client in (acme_api, rival_api, rival_api, acme_api):
            assert ask(client).status_code == 200

    assert tellings == []


def test_refused_keys_cost_the_same_whether_they_exist_or_not(acme, api, tellings):
    keys.revoke(key=acme.key, actor=Actor.system("test"))
    costs = []
    for secret in (acme.secret, keys.tokens.new_token("live")[1], acme.secret):
        before = len(tellings)
        assert api(secret).get("/v1/key").status_code == 401
        costs.append(len(tellings) - before)

    assert len(set(costs)) == 1


def settings_of(wrapper: Any) -> tuple[str, str]:
    with wrapper.connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('app.tenant_id', true), current_setting('app.scope', true)"
        )
        return tuple(value or "" for value in cursor.fetchone())


def test_nothing_leaks_into_the_next_request_of_a_connection(acme, acme_api, client):
    seen = []

    def view(_: Any) -> Any:
        seen.append(ApiKey.objects.count())

    with acting_as(NOBODY):
        assert acme_api.get("/v1/key").status_code == 200
        assert settings_of(connection)[0] == str(acme.tenant.pk)
        ActingMiddleware(view)(RequestFactory().get("/v1/anything"))
        assert settings_of(connection) == ("", "")

    assert seen == [0]


def test_admin_looks_at_all_tenants_and_the_next_request_does_not(acme, rival, acme_api):
    seen = []

    def view(_: Any) -> Any:
        seen.append(ApiKey.objects.count())

    ActingMiddleware(view)(RequestFactory().get("/admin/tenants/apikey/"))
    ActingMiddleware(view)(RequestFactory().get("/v1/keys"))
    acme_api.get("/v1/keys")

    assert seen == [2, 0]


def test_failed_statement_is_undone_for_whomever_it_ran(acme, rival):
    with as_tenant(acme.tenant), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), as_tenant(rival.tenant):
            ApiKey.objects.update(tenant=acme.tenant)
        assert ApiKey.objects.get() == acme.key


def test_what_a_lost_transaction_told_is_told_again(acme, rival):
    with as_tenant(acme.tenant):
        assert ApiKey.objects.count() == 1
    with as_tenant(rival.tenant), transaction.atomic():
        assert ApiKey.objects.get() == rival.key
        transaction.set_rollback(True)
    with as_tenant(rival.tenant):
        assert ApiKey.objects.get() == rival.key
        assert settings_of(connection)[0] == str(rival.tenant.pk)


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_new_connection_is_nobodys_until_told(acme):
    with as_tenant(acme.tenant):
        assert ApiKey.objects.count() == 1
        connection.close()
        assert ApiKey.objects.count() == 1
    connection.close()
    with acting_as(NOBODY):
        assert ApiKey.objects.count() == 0


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_new_thread_is_nobody(acme):
    seen: list[int] = []

    def count() -> None:
        seen.append(ApiKey.objects.count())
        connections.close_all()

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()

    assert seen == [0]


def test_stream_is_read_for_whom_the_request_acted(acme, rival):
    def rows() -> Iterator[str]:
        yield f"{ApiKey.objects.count()};"
        yield ",".join(ApiKey.objects.values_list("key_id", flat=True))

    def view(_: Any) -> StreamingHttpResponse:
        acting.become(Acting(tenant=acme.tenant.pk))
        return StreamingHttpResponse(rows())

    with acting_as(NOBODY):
        response = ActingMiddleware(view)(RequestFactory().get("/v1/anything"))
        assert ApiKey.objects.count() == 0
        read = b"".join(response)
        assert acting.current() == NOBODY

    assert read.decode() == f"1;{acme.key.key_id}"


def test_tasks_act_for_the_service(acme):
    def count_keys() -> int:
        return ApiKey.objects.count()

    task = celery_app.task(count_keys, name="tests.count_keys")
    with acting_as(NOBODY):
        assert task() == 1
        assert acting.current() == NOBODY


@pytest.mark.django_db(databases=[RUNTIME, OWNER])
def test_migrating_again_changes_no_policy(django_assert_num_queries):
    def policies() -> list[Any]:
        with connections[OWNER].cursor() as cursor:
            cursor.execute("SELECT oid, polname FROM pg_policy ORDER BY oid")
            return cursor.fetchall()

    before = policies()
    isolate_tenants(apps.get_app_config("tenants"), OWNER)

    assert policies() == before
    assert before


@pytest.mark.django_db(databases=[RUNTIME, OWNER])
def test_owner_without_the_service_in_its_name_sees_nothing(acme):
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SELECT set_config('app.scope', '', true)")
        cursor.execute("SELECT count(*) FROM tenants_apikey")
        assert cursor.fetchone() == (0,)


def test_acting_for_the_service_ends_with_its_block(acme):
    with acting_as(NOBODY):
        with acting_as(SERVICE):
            assert ApiKey.objects.count() == 1
        assert ApiKey.objects.count() == 0
