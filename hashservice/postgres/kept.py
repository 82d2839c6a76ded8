"""A statement that comes again and again: prepared once, and run without a cursor's ado.

psycopg's cursors serve every statement there is; what they do beside dumping values, waiting for
the answer and loading it takes longer than these. Answers come in PostgreSQL's binary format: there
is less to read, most of all of times.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final, cast

from psycopg import Connection, OperationalError, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.rows import tuple_row

# What PostgreSQL says when a prepared statement is gone, or its tables are others by now.
_STALE: Final = frozenset({b"26000", b"0A000"})
_FINE: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
_BINARY: Final = pq.Format.BINARY
_numbers = itertools.count()


class KeptStatement:
    """One statement with `%s` placeholders on one connection; not thread-safe, like that."""

    def __init__(self, connection: Connection[Any], statement: str) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._query, places = _numbered(statement)
        self._formats = [PyFormat.AUTO] * places
        self._names: dict[tuple[int, ...], bytes] = {}

    def run(self, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Its rows; of one that gives none, none. Raises psycopg's errors."""
        dumped = cast(list[bytes], self._transformer.dump_sequence(values, self._formats))
        types, formats = self._transformer.types or (), self._transformer.formats
        pgconn = self._connection.pgconn
        self._begin(pgconn)
        name = self._names.get(types) or self._prepared(pgconn, types)
        result = self._checked(pgconn, pgconn.exec_prepared(name, dumped, formats, _BINARY))
        if result.status == pq.ExecStatus.COMMAND_OK:
            return []
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple_row(self))  # type: ignore[arg-type]

    def forget(self) -> None:
        """Have the server forget it; it may be run again all the same."""
        for name in self._names.values():
            self._checked(
                self._connection.pgconn, self._connection.pgconn.exec_(b"DEALLOCATE " + name)
            )
        self._names.clear()

    def _begin(self, pgconn: pq.abc.PGconn) -> None:
        """As psycopg does before a statement where transactions are not automatic."""
        idle = pgconn.transaction_status == pq.TransactionStatus.IDLE
        if idle and not self._connection.autocommit:
            self._checked(pgconn, pgconn.exec_(b"BEGIN"))

    def _prepared(self, pgconn: pq.abc.PGconn, types: tuple[int, ...]) -> bytes:
        """The name of the statement for values of these types."""
        name = b"kept_%d" % next(_numbers)
        self._checked(pgconn, pgconn.prepare(name, self._query, types))
        self._names[types] = name
        return name

    def _checked(self, pgconn: pq.abc.PGconn, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in _FINE:
            return result
        if pgconn.status == pq.ConnStatus.BAD:
            raise OperationalError("the connection to the server was lost")
        if result.error_field(pq.DiagnosticField.SQLSTATE) in _STALE:
            self._names.clear()  # the next run prepares it anew
        raise error_from_result(result, encoding=self._connection.info.encoding)


def _numbered(statement: str) -> tuple[bytes, int]:
    """The statement with `$1`, `$2` … in the places of `%s`, and how many they are."""
    first, *others = statement.split("%s")
    numbered = (f"${place}{part}" for place, part in enumerate(others, 1))
    return "".join((first, *numbered)).replace("%%", "%").encode(), len(others)
