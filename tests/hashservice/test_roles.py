"""What each database role can do to the audit log: nothing that is not its duty.

The attacks on one event, seal, node, checkpoint and cosignature, by the roles of web, worker and
sealer, on connections of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connections

from hashservice.database import OWNER, RUNTIME
from hashservice.roles import SEALER, WEB, WORKER, grant
from tenants.models import AuditEvent, AuditNode, AuditSeal, Checkpoint, Cosignature

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER]),
    pytest.mark.alone,
]
DUTIES = (WEB, WORKER, SEALER)
TABLES = sorted(
    model._meta.db_table for model in (AuditEvent, AuditSeal, AuditNode, Checkpoint, Cosignature)
)
ATTACKS = {
    "update": "UPDATE {table} SET tenant_id = NULL",
    "delete": "DELETE FROM {table}",
    "upsert": "INSERT INTO {table} SELECT * FROM {table}"
    " ON CONFLICT (id) DO UPDATE SET tenant_id = NULL",
    "truncate": "TRUNCATE {table} CASCADE",
    "replica": "SET session_replication_role = replica",
    "disable": "ALTER TABLE {table} DISABLE TRIGGER audit_rows_never_change",
    "drop trigger": "DROP TRIGGER audit_rows_never_change ON {table}",
    "drop table": "DROP TABLE {table} CASCADE",
    "loosen": "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
}
SEAL = "INSERT INTO tenants_auditseal (event_id, sequence, leaf_hash) VALUES (1, 0, '')"
NODE = "INSERT INTO tenants_auditnode (level, index, hash) VALUES (8, 0, '')"
EVENT = (
    "INSERT INTO tenants_auditevent (actor_kind, actor_id, key_id, action, target, request_id,"
    " user_agent, outcome, data) VALUES ('system', '', '', 'a', '', '', '', 'success', '{}')"
)
SIGNATURES = "SELECT {asked} FROM matching_localsignature"
USER = "UPDATE auth_user SET is_superuser = true"


def named(duty: str) -> str:
    return f"hashservice_{duty}"


@pytest.fixture
def as_role() -> Iterator[Callable[[str], Any]]:
    """Connections as the role of a duty, with the rights that `migrate` gives it."""
    owner = connections[OWNER]
    opened: list[psycopg.Connection[Any]] = []
    with owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hashservice\\_%'")
        if cursor.fetchone() < (5,):
            pytest.skip("this cluster was made before there were roles of single duties")
        for duty in DUTIES:
            grant(cursor, duty=duty, role=named(duty))

    def connect(duty: str) -> Any:
        parameters = connections[RUNTIME].get_connection_params()
        kept = {name: parameters[name] for name in ("host", "port", "dbname") if name in parameters}
        connection = psycopg.connect(**kept, user=named(duty), password=parameters.get("password"))
        connection.execute("SELECT set_config('app.scope', 'service', false)")
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(psycopg.DatabaseError, match=r"append-only|permission denied|must be owner"):
        yield


@pytest.mark.parametrize("duty", DUTIES)
def test_no_role_changes_or_disarms_the_log(as_role, duty):
    connection = as_role(duty)
    for table in TABLES:
        for attack in ATTACKS.values():
            with refused():
                connection.execute(attack.format(table=table))
            connection.rollback()


@pytest.mark.parametrize("duty", [WEB, WORKER])
@pytest.mark.parametrize("forgery", [SEAL, NODE])
def test_only_the_sealer_gives_events_their_place(as_role, duty, forgery):
    with refused():
        as_role(duty).execute(forgery)


def test_sealer_seals(as_role):
    sealer = as_role(SEALER)
    sealer.execute("SELECT count(*) FROM tenants_auditevent")
    sealer.execute(NODE)
    sealer.rollback()


def test_sealer_makes_up_no_events_and_reads_no_keys(as_role):
    sealer = as_role(SEALER)
    for statement in (EVENT, USER, "SELECT * FROM tenants_apikey", "SELECT * FROM auth_user"):
        with refused():
            sealer.execute(statement)
        sealer.rollback()


@pytest.mark.parametrize("duty", [WEB, WORKER])
def test_web_and_worker_add_events(as_role, duty):
    connection = as_role(duty)
    connection.execute(EVENT)
    connection.rollback()


@pytest.mark.parametrize("asked", ["sealed", "*", "md5(sealed)"])
def test_web_reads_no_signature(as_role, asked):
    web = as_role(WEB)
    with refused():
        web.execute(SIGNATURES.format(asked=asked))
    web.rollback()
    web.execute("SELECT id, entry_id, segment_id FROM matching_localsignature")
    web.execute("SELECT * FROM matching_waiting_signatures(ARRAY[1]::bigint[])")


def test_worker_reads_signatures_and_sealer_none_at_all(as_role):
    as_role(WORKER).execute("SELECT sealed FROM matching_localsignature")
    for statement in (
        "SELECT id FROM matching_localsignature",
        "SELECT * FROM matching_waiting_signatures(ARRAY[1]::bigint[])",
    ):
        sealer = as_role(SEALER)
        with refused():
            sealer.execute(statement)


def test_worker_makes_nobody_an_administrator(as_role):
    with refused():
        as_role(WORKER).execute(USER)
