"""Connections to PostgreSQL outlive requests; one that ended is noticed before it is used."""

import contextlib

import pytest
from django.db import connection


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
