"""A database role for each duty: what a process does not need to do, its role may not do.

`DATABASE_URL`'s role may do everything that the service does at run time, and where it is the only
one it does. An operator who names roles for web, worker and sealer gives each process its own: then
nobody but the sealer can give an event its place in the log, and the sealer can do nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.apps import apps
from django.db import connections, models
from psycopg import sql

WEB, WORKER, SEALER = "web", "worker", "sealer"
# Only the sealer writes these.
SEALED: Final = ("tenants.AuditSeal", "tenants.AuditNode")
# What the sealer reads, and what it adds to.
READ_BY_SEALER: Final = (
    "tenants.AuditEvent",
    "tenants.AuditNode",
    "tenants.AuditSeal",
    "tenants.Checkpoint",
    "tenants.Cosignature",
    "tenants.Tenant",
)
WRITTEN_BY_SEALER: Final = (*SEALED, "tenants.Checkpoint")
# What was made of listed pictures lies there for the worker, who builds the index of it.
HIDDEN_FROM_WEB: Final = (("matching.LocalSignature", "sealed"),)
# Functions that show a part of what is hidden.
FUNCTIONS: Final = ("matching_waiting_signatures(bigint[])",)
# People and their sessions: no business of the worker.
OF_PEOPLE: Final = frozenset({"account", "admin", "auth", "mfa", "sessions", "usersessions"})
ROWS: Final = "SELECT, INSERT, UPDATE, DELETE"
# What models say of their rows, and the rights that nobody has at run time then.
FORBIDDEN: Final = {"append_only": "UPDATE, DELETE, TRUNCATE", "never_deleted": "DELETE, TRUNCATE"}


def grant(cursor: Any, *, duty: str, role: str) -> None:
    """Give `role` what its duty needs, and take everything else from it."""
    for statement in _taken(role):
        cursor.execute(statement)
    given = _for_sealer if duty == SEALER else _for_web if duty == WEB else _for_worker
    for statement in given(role):
        cursor.execute(statement)
    if duty != SEALER:
        grant_functions(cursor, role)


def grant_functions(cursor: Any, role: str) -> None:
    """Let the role call what shows a part of what is hidden, as far as it is migrated already."""
    for function in FUNCTIONS:
        cursor.execute("SELECT to_regprocedure(%s)", [function])
        if cursor.fetchone() != (None,):
            cursor.execute(_on(f"GRANT EXECUTE ON FUNCTION {function} TO {{role}}", role))


def roles(named: Mapping[str, str], *, runtime: str) -> dict[str, str]:
    """The duties that have a role of their own."""
    return {duty: role for duty, role in named.items() if role and role != runtime}


def _marked(mark: str) -> list[str]:
    """The tables of the models that carry `mark`."""
    return [model._meta.db_table for model in apps.get_models() if getattr(model, mark, False)]


def _taken(role: str) -> Iterator[sql.Composed]:
    yield _on("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}", role)
    yield _on("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}", role)
    yield _on("GRANT USAGE ON SCHEMA public TO {role}", role)


def _for_web(role: str) -> Iterator[sql.Composed]:
    yield from _for_both(role)
    for label, column in HIDDEN_FROM_WEB:
        yield from _hidden(label, column, role)


def _hidden(label: str, column: str, role: str) -> Iterator[sql.Composed]:
    """Let the role read all columns of the table but this one."""
    shown = [field.column for field in apps.get_model(label)._meta.concrete_fields]
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in shown if name != column)
    yield _on("REVOKE SELECT ON {table} FROM {role}", role, _table(label))
    yield sql.SQL("GRANT SELECT ({columns}) ON {table} TO {role}").format(
        columns=columns, table=sql.Identifier(_table(label)), role=sql.Identifier(role)
    )


def _for_both(role: str) -> Iterator[sql.Composed]:
    yield _on(f"GRANT {ROWS} ON ALL TABLES IN SCHEMA public TO {{role}}", role)
    yield _on("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}", role)
    database = connections["owner"].settings_dict["NAME"]  # imports compare before they merge
    yield _on("GRANT TEMPORARY ON DATABASE {table} TO {role}", role, database)
    for mark, rights in FORBIDDEN.items():
        for table in _marked(mark):
            yield _on(f"REVOKE {rights} ON {{table}} FROM {{role}}", role, table)
    for label in SEALED:
        yield _on("REVOKE INSERT ON {table} FROM {role}", role, _table(label))


def _for_worker(role: str) -> Iterator[sql.Composed]:
    yield from _for_both(role)
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in OF_PEOPLE and model._meta.managed:
            table = model._meta.db_table
            yield _on("REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}", role, table)


def _for_sealer(role: str) -> Iterator[sql.Composed]:
    for label in READ_BY_SEALER:
        yield _on("GRANT SELECT ON {table} TO {role}", role, _table(label))
    for label in WRITTEN_BY_SEALER:
        yield _on("GRANT INSERT ON {table} TO {role}", role, _table(label))
        sequence = f"{_table(label)}_id_seq"
        yield _on("GRANT USAGE, SELECT ON SEQUENCE {table} TO {role}", role, sequence)


def _table(label: str) -> str:
    model: type[models.Model] = apps.get_model(label)
    return model._meta.db_table


def _on(statement: str, role: str, table: str = "") -> sql.Composed:
    return sql.SQL(statement).format(role=sql.Identifier(role), table=sql.Identifier(table or "x"))
