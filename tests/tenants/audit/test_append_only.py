"""Who can change the audit log inside the database, and that those who can are found out.

Attacks by each role on each table. PostgreSQL stops the runtime role from everything but adding
rows. The owner of a table can always disarm it; then the checkpoints tell.
"""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections, transaction

from hashservice.database import OWNER, RUNTIME
from tenants.audit.checkpoints import LogContradictsCheckpoint, current, sign_grown
from tenants.audit.inspection import inspect
from tenants.audit.record import Actor, record
from tenants.audit.seal import passed_over, seal_pending
from tenants.audit.verify import Tampered
from tenants.models import AuditEvent, AuditNode, AuditSeal, Checkpoint, Cosignature

TABLES = {
    model._meta.db_table for model in (AuditEvent, AuditSeal, AuditNode, Checkpoint, Cosignature)
}
BLOCKED_FOR_ALL = {
    "update": "UPDATE {table} SET tenant_id = NULL",
    "delete": "DELETE FROM {table}",
    "upsert": "INSERT INTO {table} SELECT * FROM {table}"
    " ON CONFLICT (id) DO UPDATE SET tenant_id = NULL",
    "truncate": "TRUNCATE {table} CASCADE",
    "replica mode": "SET LOCAL session_replication_role = replica; DELETE FROM {table}",
}
OPEN_TO_THE_OWNER = {
    "disable trigger": "ALTER TABLE {table} DISABLE TRIGGER audit_rows_never_change",
    "drop trigger": "DROP TRIGGER audit_rows_never_change ON {table}",
    "drop table": "DROP TABLE {table} CASCADE",
}

SWAP = """
UPDATE tenants_auditseal SET sequence = 1000 WHERE event_id = {at_17};
UPDATE tenants_auditseal SET sequence = 17 WHERE event_id = {at_18};
UPDATE tenants_auditseal SET sequence = 18 WHERE sequence = 1000
"""


@pytest.fixture
def signed(transactional_db, acme):
    """Acme with a log of 300 events, sealed, and signed at 3 and at its end."""
    with transaction.atomic():
        record(action="key.read", actor=Actor.system("tests"), tenant=acme.tenant)
    seal_pending()
    current(acme.tenant)
    with transaction.atomic():
        for number in range(297):
            record(
                action="key.read",
                actor=Actor.system("tests"),
                tenant=acme.tenant,
                target=str(number),
            )
    seal_pending()
    current(acme.tenant)
    return acme.tenant


def make_rows(role):
    """A row in each table: row triggers need one to fire. The role sees what it wrote itself."""
    event = AuditEvent.objects.using(role).create(
        actor_kind="system", action="tenant.created", outcome="success"
    )
    AuditSeal.objects.using(role).create(event=event, sequence=0, leaf_hash=bytes(32))
    AuditNode.objects.using(role).create(level=8, index=0, hash=bytes(32))
    checkpoint = Checkpoint.objects.using(role).create(
        size=1, root_hash=bytes(32), origin="o", text="t"
    )
    Cosignature.objects.using(role).create(checkpoint=checkpoint, witness="w", line="l")
    connections[role].check_constraints()  # pending checks of foreign keys would stop TRUNCATE


def attack(role, statements):
    with transaction.atomic(using=role), connections[role].cursor() as cursor:
        for statement in statements.split(";"):
            cursor.execute(statement)


def owner_disarms_and(statement):
    """What the owner does who wants to: the triggers are off for the moment."""
    tables = " ".join(
        f"ALTER TABLE {table} DISABLE TRIGGER audit_rows_never_change;" for table in sorted(TABLES)
    )
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        for part in tables.split(";")[:-1]:
            cursor.execute(part)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for part in statement.split(";"):
            cursor.execute(part)


def event_at(tenant, sequence):
    """The primary key of the event at a place."""
    return AuditSeal.objects.get(tenant=tenant, sequence=sequence).event_id


@pytest.mark.django_db(databases=[RUNTIME, OWNER])
@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("role", [RUNTIME, OWNER])
@pytest.mark.parametrize("name", BLOCKED_FOR_ALL)
def test_nobody_changes_a_row(role, table, name):
    make_rows(role)
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
        attack(role, BLOCKED_FOR_ALL[name].format(table=table))


@pytest.mark.django_db(databases=[RUNTIME, OWNER])
@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("name", OPEN_TO_THE_OWNER)
def test_runtime_role_can_not_disarm(table, name):
    with pytest.raises(DatabaseError, match=r"must be owner|permission denied"):
        attack(RUNTIME, OPEN_TO_THE_OWNER[name].format(table=table))


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
@pytest.mark.parametrize(
    ("kind", "sequence", "statement"),
    [
        ("altered", 17, "UPDATE tenants_auditevent SET target = 'x' WHERE id = {at_17}"),
        (
            "missing",
            17,
            "DELETE FROM tenants_auditseal WHERE event_id = {at_17}",
        ),
        (
            "missing",
            299,
            "DELETE FROM tenants_auditseal WHERE event_id = {at_299}",
        ),
        (
            "altered",
            17,
            SWAP,
        ),
        (
            "altered",
            300,
            "UPDATE tenants_auditnode SET hash = decode(repeat('00', 32), 'hex')",
        ),
    ],
    ids=["edit", "delete", "cut", "reorder", "node"],
)
def test_what_the_owner_does_is_found(signed, kind, sequence, statement):
    places = {f"at_{number}": event_at(signed, number) for number in (17, 18, 299)}
    owner_disarms_and(statement.format(**places))

    with pytest.raises(Tampered) as caught:
        inspect(signed)
    assert (caught.value.kind, caught.value.sequence) == (kind, sequence)


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_log_rewritten_with_all_its_checkpoints_is_found_from_outside(signed, acme):
    """The owner changes the past and has everything inside sealed and signed anew."""
    edit = "UPDATE tenants_auditevent SET target = 'x' WHERE id = {at_17};"
    unseal = "DELETE FROM tenants_checkpoint; DELETE FROM tenants_auditnode;"
    unseal += "DELETE FROM tenants_auditseal"
    owner_disarms_and(edit.format(at_17=event_at(signed, 17)) + unseal)
    seal_pending(anywhere=True)

    with pytest.raises(LogContradictsCheckpoint, match="not those that were signed"):
        sign_grown()
    with pytest.raises(Tampered) as caught:
        inspect(signed)
    assert (caught.value.kind, caught.value.sequence) == ("rewritten", 3)


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_old_backup_is_never_signed(signed):
    """A database that has gone back: it contradicts what stands in the files outside of it."""
    owner_disarms_and(
        "DELETE FROM tenants_checkpoint WHERE size > 3; DELETE FROM tenants_auditnode;"
        "DELETE FROM tenants_auditseal WHERE sequence >= 200"
    )

    with pytest.raises(LogContradictsCheckpoint, match="had 300 events and has 200"):
        current(signed)
    with pytest.raises(Tampered, match="sequence 200"):
        inspect(signed)


@pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])
def test_forged_event_of_the_runtime_role_is_found(signed):
    """The runtime role may add rows. Those that claim a time long past never get a place."""
    AuditEvent.objects.create(
        actor_kind="system", action="key.read", outcome="success", transaction_id=3
    )

    assert passed_over() == 1
