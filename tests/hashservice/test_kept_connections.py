"""Connections to PostgreSQL outlive requests; one that ended is noticed before it is used."""

import contextlib

import pytest
from django.db import DataError, connection, transaction

from hashservice.postgres.base import LONGEST_KEPT, MOST_KEPT_CURSORS
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
    return connection._kept_cursors  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_comes_again_answers_by_its_cursor_also_after_an_error() -> None:
    statement = "SELECT 12 / %s::int"
    assert run(statement, [3]) == [(4,)]
    cursor = kept()[statement]
    with pytest.raises(DataError), transaction.atomic():
        run(statement, [0])

    assert run(statement, [4]) == [(3,)]
    assert kept()[statement] is cursor
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_begins_without_the_cursors_of_the_last() -> None:
    statement = "SELECT 1 + %s::int"
    assert run(statement, [1]) == [(2,)]
    connection.close()

    assert run(statement, [2]) == [(3,)]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_cursors_of_many_and_of_large_statements_are_not_kept() -> None:
    connection.close()
    for number in range(MOST_KEPT_CURSORS + 5):
        run(f"SELECT {number}", [])
    run(f"SELECT 1 -- {'x' * LONGEST_KEPT}", [])

    assert 0 < len(kept()) <= MOST_KEPT_CURSORS
    assert max(map(len, kept())) < LONGEST_KEPT
    connection.close()
