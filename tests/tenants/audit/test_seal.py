"""The sealer: everything that was committed, nothing else, each at one place."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connection, connections, transaction

from hashservice.database import OWNER, RUNTIME
from tenants.acting import SERVICE, acting_as
from tenants.audit import merkle, seal
from tenants.audit.logs import TILE, Tree
from tenants.audit.record import Actor, record
from tenants.audit.seal import oldest_unsealed, seal_pending
from tenants.models import AuditEvent, AuditNode, AuditSeal
from tests.tenants.audit.test_merkle import mth

pytestmark = pytest.mark.django_db(transaction=True, databases=[RUNTIME, OWNER])


def act(tenant=None, **particulars):
    record(action="key.read", actor=Actor.system("tests"), tenant=tenant, **particulars)


def sequences(tenant):
    return list(
        AuditSeal.objects.filter(tenant=tenant)
        .order_by("sequence")
        .values_list("sequence", flat=True)
    )


def leaves(tenant):
    rows = AuditSeal.objects.filter(tenant=tenant).order_by("sequence")
    return [bytes(leaf) for leaf in rows.values_list("leaf_hash", flat=True)]


def test_every_event_is_sealed_once_and_densely(acme, rival):
    for tenant in (acme.tenant, rival.tenant, None, acme.tenant):
        act(tenant)

    count = AuditEvent.objects.count()
    assert (seal_pending(), seal_pending()) == (count, 0)
    for tenant in (acme.tenant, rival.tenant, None):
        of_tenant = AuditEvent.objects.filter(tenant=tenant).count()
        assert sequences(tenant) == list(range(of_tenant))


def test_sealing_goes_on_where_it_stopped(acme, monkeypatch):
    monkeypatch.setattr(seal, "BATCH", 3)
    for _ in range(8):
        act(acme.tenant)
        seal_pending()

    assert sequences(acme.tenant) == list(range(AuditEvent.objects.count()))


def test_event_of_a_transaction_under_way_waits_for_it(acme):
    seal_pending()
    with transaction.atomic():
        act(acme.tenant)
        assert sealed_elsewhere() == 0
    assert sealed_elsewhere() == 1


def test_committed_event_waits_for_older_transactions(acme):
    """A later row must not get its place before one that may still appear ahead of it."""
    seal_pending()
    with transaction.atomic():
        act(acme.tenant, target="first")
        on_another_thread(lambda: act(acme.tenant, target="second"))
        assert sealed_elsewhere() == 0
    assert sealed_elsewhere() == 2
    order = AuditSeal.objects.order_by("-sequence").values_list("event__target", flat=True)
    assert list(order[:2]) == ["second", "first"]


def test_rolled_back_event_leaves_no_gap(acme):
    act(acme.tenant)
    with transaction.atomic():
        act(acme.tenant)
        transaction.set_rollback(True)
    act(acme.tenant)
    seal_pending()

    assert sequences(acme.tenant) == list(range(AuditEvent.objects.count()))


def test_one_sealer_at_a_time(acme):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [seal.LOCK])
        assert sealed_elsewhere() == 0
    assert sealed_elsewhere() > 0


def test_root_of_a_long_log_is_that_of_the_plain_definition(acme, monkeypatch):
    """With batches that end at, before and behind the borders of stored nodes."""
    monkeypatch.setattr("tenants.audit.seal.TILE", 4)
    monkeypatch.setattr("tenants.audit.seal.TILE_LEVELS", 2)
    monkeypatch.setattr("tenants.audit.logs.TILE", 4)
    monkeypatch.setattr("tenants.audit.logs.TILE_LEVELS", 2)
    for batch in (1, 3, 4, 5, 7, 16, 2, 26, 1, 1):
        for _ in range(batch):
            act(acme.tenant)
        seal_pending()
        tree, hashes = Tree(acme.tenant), leaves(acme.tenant)
        assert tree.root(tree.size) == mth(hashes)
    levels = Counter(AuditNode.objects.values_list("level", flat=True))
    assert levels == {2: len(hashes) // 4, 4: len(hashes) // 16, 6: len(hashes) // 64}


def test_stored_node_covers_256_leaves(acme):
    for _ in range(TILE):
        act(acme.tenant)
    seal_pending()

    node = AuditNode.objects.get(tenant=acme.tenant)
    assert (node.level, node.index) == (8, 0)
    assert bytes(node.hash) == merkle.subtree(leaves(acme.tenant)[:TILE])


def test_oldest_unsealed_event_is_told(acme):
    assert oldest_unsealed().total_seconds() > 0
    seal_pending()
    assert oldest_unsealed().total_seconds() == 0


def test_database_restored_into_a_new_cluster_is_sealed_further(acme):
    """There transaction numbers begin anew: the old events carry numbers of the future."""
    seal_pending()
    of_the_old_cluster = 2**40
    AuditEvent.objects.create(
        actor_kind="system",
        action="key.read",
        outcome="success",
        tenant=acme.tenant,
        transaction_id=of_the_old_cluster,
    )
    assert seal_pending(anywhere=True) == 1
    act(acme.tenant)
    act(acme.tenant)

    assert (seal_pending(), seal_pending()) == (2, 0)
    act(acme.tenant)
    assert seal_pending() == 1
    assert sequences(acme.tenant) == list(range(AuditEvent.objects.count()))


def test_row_slipped_in_behind_the_sealer_is_found(acme):
    seal_pending()
    AuditEvent.objects.create(
        actor_kind="system", action="key.read", outcome="success", transaction_id=3
    )

    assert (seal_pending(), seal_pending(anywhere=True)) == (0, 1)


@pytest.mark.slow
def test_writers_that_roll_back_lose_and_double_nothing(acme, rival):
    """Six writers, every fifth transaction rolled back, two sealers against each other."""
    writing = threading.Event()
    writing.set()
    writers = [
        threading.Thread(target=in_own_connection, args=(write_some, number, acme, rival))
        for number in range(6)
    ]
    sealers = [
        threading.Thread(target=in_own_connection, args=(seal_while, writing)) for _ in range(2)
    ]
    for thread in [*writers, *sealers]:
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    for thread in sealers:
        thread.join()
    seal_pending()

    assert AuditSeal.objects.count() == AuditEvent.objects.count()
    for tenant in (acme.tenant, rival.tenant, None):
        of_tenant = AuditEvent.objects.filter(tenant=tenant)
        assert sequences(tenant) == list(range(of_tenant.count()))
        order = of_tenant.order_by("seal__sequence").values_list("transaction_id", "id")
        assert list(order) == sorted(order)
        tree = Tree(tenant)
        assert tree.root(tree.size) == mth(leaves(tenant))


def write_some(number, acme, rival):
    for turn in range(60):
        with transaction.atomic():
            act((acme.tenant, rival.tenant, None)[turn % 3], target=f"{number}/{turn}")
            act(acme.tenant)
            transaction.set_rollback(turn % 5 == number % 5)


def seal_while(writing):
    while writing.is_set():
        seal_pending()


def in_own_connection(work, *arguments):
    try:
        with acting_as(SERVICE):
            work(*arguments)
    finally:
        connections.close_all()


def on_another_thread(work):
    answers = []
    thread = threading.Thread(target=in_own_connection, args=(lambda: answers.append(work()),))
    thread.start()
    thread.join()
    return answers[0]


def sealed_elsewhere():
    return on_another_thread(seal_pending)
