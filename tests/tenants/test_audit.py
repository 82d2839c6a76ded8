"""Audit events: written with the effect, never changed."""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError, connections, transaction

from hashservice.database import OWNER, RUNTIME
from tenants.audit.actions import ACTIONS
from tenants.audit.context import RequestContext, bind
from tenants.audit.record import Actor, UnknownAction, record, recorded
from tenants.models import AuditEvent
from tests.tenants.events import recorded_event

pytestmark = pytest.mark.django_db
ORIGIN = RequestContext("req_1", "203.0.113.9", "curl/8")


def record_something(**more):
    return recorded_event(actor=Actor.system("tests"), **more)


def test_event_tells_where_the_request_came_from():
    with bind(ORIGIN):
        event = record_something()

    assert (event.request_id, event.address, event.user_agent) == ("req_1", "203.0.113.9", "curl/8")


def test_event_outside_of_a_request_tells_of_none():
    event = record_something()

    assert (event.request_id, event.address, event.user_agent) == ("", None, "")


def test_database_says_when_and_in_which_transaction():
    event = record_something()
    with connections[RUNTIME].cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text, now()")
        transaction_id, began_at = cursor.fetchone()

    stored = AuditEvent.objects.get(pk=event.pk)
    assert event.transaction_id == stored.transaction_id == int(transaction_id)
    assert event.at >= began_at


def test_events_are_found_by_transaction():
    event = record_something()

    assert AuditEvent.objects.get(transaction_id=event.transaction_id) == event


@pytest.mark.parametrize(
    ("actor", "kind"),
    [(Actor.system("sealer"), "system"), (Actor.anonymous(), "anonymous")],
)
def test_actor_is_told(actor, kind):
    event = recorded_event(actor=actor)

    assert (event.actor_kind, event.actor_id) == (kind, actor.id)


def test_key_and_user_are_actors(acme_key, curator):
    by_key = recorded_event(actor=Actor.key(acme_key))
    by_user = recorded_event(actor=Actor.user(curator))

    assert (by_key.actor_kind, by_key.key_id) == ("key", acme_key.key_id)
    assert (by_user.actor_kind, by_user.actor_id, by_user.key_id) == ("user", "curator", "")


def test_unknown_action_is_refused():
    with pytest.raises(UnknownAction):
        record(action="key.stolen", actor=Actor.anonymous())


def test_actions_are_nouns_and_past_participles_with_a_description():
    for action, description in ACTIONS.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action)
        assert description.endswith(".")


def test_overlong_and_unprintable_text_is_cut_to_fit():
    with bind(RequestContext("r" * 500, None, "a\x00b" + "x" * 500)):
        event = record_something(target="/" + "t" * 500)
    event.refresh_from_db()

    assert (len(event.request_id), len(event.target), len(event.user_agent)) == (64, 200, 200)
    assert event.user_agent.startswith("abx")


def test_request_knows_that_it_has_its_event():
    with bind(ORIGIN):
        before = recorded()
        record_something()
        assert (before, recorded()) == (False, True)


def test_each_request_begins_without_an_event():
    with bind(ORIGIN):
        record_something()
    with bind(ORIGIN):
        assert not recorded()


def test_nothing_is_recorded_outside_of_a_request():
    record_something()

    assert not recorded()


def test_rollback_takes_the_event_and_the_mark_with_it():
    with bind(ORIGIN):
        with transaction.atomic():
            record_something()
            transaction.set_rollback(True)

        assert not recorded()
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_commit_sets_the_mark():
    with bind(ORIGIN):
        with transaction.atomic():
            record_something()
        assert recorded()


ATTACKS = {
    "update": "UPDATE tenants_auditevent SET action = 'key.read'",
    "delete": "DELETE FROM tenants_auditevent",
    "truncate": "TRUNCATE tenants_auditevent CASCADE",
    "truncate tenants": "TRUNCATE tenants_tenant CASCADE",
    "upsert": "INSERT INTO tenants_auditevent (id, actor_kind, actor_id, key_id, action, target,"
    " request_id, user_agent, outcome, data) SELECT id, actor_kind, actor_id, key_id, action,"
    " target, request_id, user_agent, outcome, data FROM tenants_auditevent"
    " ON CONFLICT (id) DO UPDATE SET action = 'key.read'",
}


@pytest.mark.django_db(databases=[RUNTIME, OWNER])
@pytest.mark.parametrize("role", [RUNTIME, OWNER])
@pytest.mark.parametrize("attack", ATTACKS)
def test_events_never_change_or_go(role, attack):
    event = AuditEvent.objects.using(role).create(
        actor_kind="system", action="tenant.created", outcome="success"
    )
    connections[role].check_constraints()  # pending checks of foreign keys would stop TRUNCATE

    with (
        pytest.raises(DatabaseError, match=r"append-only|permission denied"),
        transaction.atomic(using=role),
        connections[role].cursor() as cursor,
    ):
        cursor.execute(ATTACKS[attack])

    assert AuditEvent.objects.using(role).get(pk=event.pk).action == "tenant.created"


@pytest.mark.django_db(databases=[RUNTIME, OWNER])
def test_triggers_hold_in_replica_mode_too():
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled FROM pg_trigger"
            " WHERE tgrelid = 'tenants_auditevent'::regclass AND NOT tgisinternal"
        )
        triggers = dict(cursor.fetchall())

    assert triggers == {"audit_is_never_emptied": "A", "audit_rows_never_change": "A"}


def test_tenant_with_events_can_not_be_deleted(acme):
    with pytest.raises(DatabaseError), transaction.atomic():
        acme.tenant.delete()
