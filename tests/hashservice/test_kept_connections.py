"""Connections to PostgreSQL outlive requests; one that ended is noticed before it is used."""

import contextlib

import pytest
from django.db import (
    DataError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from hashservice.postgres.base import LONGEST_KEPT, MOST_KEPT
from tenants.statements import run


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_not_usable() -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    assert connection.is_usable()
    with contextlib.closing(connection.copy()) as other, other.cursor() as cursor:
        ours = connection.connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
    assert not connection.is_usable()
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_connection_with_a_word_of_the_servers_waiting_is_usable() -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    connection.connection.execute("LISTEN kept")
    with contextlib.closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("NOTIFY kept")
    assert connection.is_usable()
    connection.close()


def kept() -> dict[str, object]:
    return connection._kept  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_comes_again_answers_also_after_an_error() -> None:
    statement = "SELECT 12 / %s::int"
    assert run(statement, [3]) == [(4,)]
    first = kept()[statement]
    with pytest.raises(DataError), transaction.atomic():
        run(statement, [0])

    assert run(statement, [4]) == [(3,)]
    assert kept()[statement] is first
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_begins_without_the_statements_of_the_last() -> None:
    statement = "SELECT 1 + %s::int"
    assert run(statement, [1]) == [(2,)]
    connection.close()

    assert run(statement, [2]) == [(3,)]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_and_large_statements_are_not_kept() -> None:
    connection.close()
    for number in range(MOST_KEPT + 5):
        run(f"SELECT {number}", [])
    run(f"SELECT 1 -- {'x' * LONGEST_KEPT}", [])

    assert 0 < len(kept()) <= MOST_KEPT
    [[prepared]] = run("SELECT count(*) FROM pg_prepared_statements", [])
    assert prepared <= MOST_KEPT
    assert max(map(len, kept())) < LONGEST_KEPT
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_statement_survives_that_its_tables_change_and_that_the_server_forgot_it() -> None:
    statement = "SELECT * FROM shape WHERE %s"
    run("CREATE TEMPORARY TABLE shape AS SELECT 1 AS first", [])
    assert run(statement, [True]) == [(1,)]
    run("ALTER TABLE shape ADD second integer DEFAULT 2", [])
    with pytest.raises(NotSupportedError):
        run(statement, [True])
    assert run(statement, [True]) == [(1, 2)]

    run("DEALLOCATE ALL", [])
    with pytest.raises(ProgrammingError):
        run(statement, [True])
    assert run(statement, [True]) == [(1, 2)]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_statement_whose_connection_is_gone_says_so() -> None:
    assert run("SELECT 1", []) == [(1,)]
    with contextlib.closing(connection.copy()) as other, other.cursor() as cursor:
        ours = connection.connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])

    with pytest.raises(OperationalError):
        run("SELECT 1", [])
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_statement_inside_a_transaction_vanishes_with_it() -> None:
    run("CREATE TEMPORARY TABLE noted (what integer)", [])
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        run("INSERT INTO noted VALUES (%s)", [1])
        raise ZeroDivisionError

    assert run("SELECT count(*) FROM noted", []) == [(0,)]
    connection.close()
