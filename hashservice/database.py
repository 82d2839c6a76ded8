"""Two roles on one database: the owner migrates, the runtime role only works with rows."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, models, transaction
from psycopg import sql

from hashservice import roles

OWNER, RUNTIME = "owner", "default"


class OwnerMigrates:
    """Database router: tables are made over the owner's connection and nowhere else."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:  # noqa: ARG002
        return db == OWNER


def grant_runtime_privileges(sender: AppConfig, using: str, **signal: Any) -> None:  # noqa: ARG001
    """Give the runtime role rows to work with, and take back what their models forbid.

    Runs after every migration of an app of ours, so that a new table is never without its grants.
    """
    owner, runtime = (settings.DATABASES[alias]["USER"] for alias in (OWNER, RUNTIME))
    if using != OWNER or owner == runtime:
        return
    role = sql.Identifier(runtime)
    database = sql.Identifier(connections[OWNER].settings_dict["NAME"])
    with connections[OWNER].cursor() as cursor:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "GRANT TEMPORARY ON DATABASE {database} TO {role}",  # imports compare before they merge
        ):
            cursor.execute(sql.SQL(statement).format(role=role, database=database))
        roles.grant_functions(cursor, runtime)
        for model in _models("append_only"):
            cursor.execute(_revocation("UPDATE, DELETE, TRUNCATE", model, role))
        for model in _models("never_deleted"):
            cursor.execute(_revocation("DELETE, TRUNCATE", model, role))


def _revocation(rights: str, model: type[models.Model], role: sql.Identifier) -> sql.Composed:
    table = sql.Identifier(model._meta.db_table)
    return sql.SQL("REVOKE {rights} ON {table} FROM {role}").format(
        rights=sql.SQL(rights), table=table, role=role
    )


def grant_duties(sender: AppConfig, using: str, **signal: Any) -> None:  # noqa: ARG001
    """Give the roles of single duties what these need, where the operator has named such roles."""
    if using != OWNER:
        return
    runtime = settings.DATABASES[RUNTIME]["USER"]
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        for duty, role in roles.roles(settings.DATABASE_ROLES, runtime=runtime).items():
            roles.grant(cursor, duty=duty, role=role)


def _models(mark: str) -> list[type[models.Model]]:
    """The models that carry `mark` and have their table already."""
    tables = set(connections[OWNER].introspection.table_names())
    return [
        model
        for model in apps.get_models()
        if getattr(model, mark, False) and model._meta.db_table in tables
    ]
