"""Before a statement: has PostgreSQL been told for whom it runs? Only a change costs a round trip.

The settings belong to the connection and outlive requests. What counts is that no statement runs
before they are right, so nothing has to be reset at the end of a request.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db.backends.postgresql import base
from psycopg import Error

from hashservice.postgres.kept import KeptStatement
from tenants.acting import (
    NOBODY,
    SCOPE_SETTING,
    SELF_DECLARED,
    TENANT_SETTING,
    Acting,
    acting_as,
    current,
)

# For each connection. Statements of large batches are as large, and seldom the same.
MOST_KEPT: Final = 64
LONGEST_KEPT: Final = 10_000  # characters of a statement
OWNER: Final = "owner"  # migrates, in the service's name: see DATABASES
TELL: Final = (
    f"SELECT set_config('{TENANT_SETTING}', %s, false), set_config('{SCOPE_SETTING}', %s, false)"
)


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; `told` is whom its server runs statements for, None when that is unknown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told: Acting | None = None
        self._kept: dict[str, KeptStatement] = {}
        if self.alias != OWNER:
            self.execute_wrappers.append(self._tell_first)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.told = NOBODY
        self._kept = {}
        return super().get_new_connection(conn_params)

    def run(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """The rows of a statement that comes again and again, if it is always the same object."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        if len(statement) > LONGEST_KEPT:
            return self._run_once(statement, values)
        whom = current()
        if self.told != whom and whom is not SELF_DECLARED:
            self.tell(whom)
        self.validate_no_broken_transaction()
        started = time.monotonic()
        with self.wrap_database_errors:
            rows = (self._kept.get(statement) or self._keep(statement)).run(values)
        if self.queries_logged:
            took = f"{time.monotonic() - started:.3f}"
            self.queries_log.append({"sql": statement, "time": took})
        return rows

    def _run_once(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with self.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def _keep(self, statement: str) -> KeptStatement:
        if len(self._kept) >= MOST_KEPT:
            for each in self._kept.values():
                each.forget()
            self._kept.clear()  # what comes often is soon back
        kept = self._kept[statement] = KeptStatement(self.connection, statement)
        return kept

    def is_usable(self) -> bool:
        """Asked before a connection that is kept serves another request.

        A server that went away has closed it, and that is seen without a round trip. Only when
        something is there to be read, the server is asked whether it still answers.
        """
        try:
            if not _can_read(self.connection.fileno()):
                return True
        except Error:
            return False
        return bool(super().is_usable())

    def tell(self, whom: Acting) -> None:
        """One round trip, in the connection's transaction if there is one."""
        tenant = "" if whom.tenant is None else str(whom.tenant)
        self.told = None
        with self.wrap_database_errors:
            self.connection.execute(TELL, [tenant, whom.scope])
        self.told = whom

    def _tell_first(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        whom = current()
        if self.told != whom and whom is not SELF_DECLARED:
            self.tell(whom)
        return execute(sql, params, many, context)

    # What was told in a transaction is forgotten with it.

    def _rollback(self) -> None:
        self.told = None
        super()._rollback()  # type: ignore[misc]  # the stubs leave it out

    def _savepoint_rollback(self, sid: str) -> None:
        self.told = None
        with acting_as(SELF_DECLARED):  # until it is undone a failed transaction hears nothing else
            super()._savepoint_rollback(sid)  # type: ignore[misc]


def _can_read(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
