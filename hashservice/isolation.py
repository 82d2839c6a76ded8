"""Row-level security: PostgreSQL itself keeps tenants apart, also where a query forgets to.

Every table of a model with a `tenant` gets the policy, after every migration, so that a new one can
not be forgotten. FORCE binds the owner too: it holds where one role does everything. A superuser
and a role with BYPASSRLS are bound by nothing; the service needs neither.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from django.apps import AppConfig, apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

# As subqueries they are looked at once for a statement, not once for a row.
SEEN: Final = """
    tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)
    OR (SELECT current_setting('app.scope', true)) = 'service'
"""
WRITTEN: Final = """
    tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::bigint
    OR current_setting('app.scope', true) = 'service'
"""
POLICIES: Final = f"""
ALTER TABLE {{table}} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {{table}} FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenant_rows ON {{table}};
CREATE POLICY tenant_rows ON {{table}} USING ({SEEN}) WITH CHECK ({WRITTEN});
DROP POLICY IF EXISTS nobodys_rows ON {{table}};
"""
# What nobody did is recorded by nobody: events of callers without a key.
NOBODYS: Final = """
CREATE POLICY nobodys_rows ON {table} FOR INSERT WITH CHECK (tenant_id IS NULL);
"""
# What a tenant writes and the service alone reads.
KEPT_FROM_TENANTS: Final = """
ALTER POLICY tenant_rows ON {table} USING ((SELECT current_setting('app.scope', true)) = 'service');
"""
WRITTEN_ONLY: Final = frozenset({"matching.RetainedHashes"})
WRITTEN_BY_NOBODY: Final = frozenset({"tenants.AuditEvent"})
# At the door it is not known yet whose key it is: this reads the one row whose id was shown. For an
# id that nobody has it reads another row, which the caller has to tell from the one it asked for:
# what follows takes as long, so that the time does not tell which ids exist.
DOOR: Final = """
CREATE OR REPLACE FUNCTION tenants_key_shown(shown text) RETURNS SETOF tenants_apikey
LANGUAGE plpgsql AS $$
DECLARE
    scope text := coalesce(current_setting('app.scope', true), '');
BEGIN
    PERFORM set_config('app.scope', 'service', true);
    RETURN QUERY
        SELECT * FROM tenants_apikey
         WHERE key_id IN (shown, (SELECT min(key_id) FROM tenants_apikey))
         ORDER BY key_id = shown DESC
         LIMIT 1;
    PERFORM set_config('app.scope', scope, true);
END
$$
"""


def isolate_tenants(sender: AppConfig, using: str, **signal: Any) -> None:  # noqa: ARG001
    """Give every table of tenants its policies; those that have them are not touched."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(DOOR)
        for model in isolated_models():
            if model._meta.db_table in tables:
                _isolate(cursor, model)


def isolated_models() -> list[type[models.Model]]:
    """The models whose rows belong to a tenant."""
    return [model for model in apps.get_models(include_auto_created=True) if _has_tenant(model)]


def _has_tenant(model: type[models.Model]) -> bool:
    try:
        field = model._meta.get_field("tenant")
    except FieldDoesNotExist:
        return False
    return getattr(field, "column", None) == "tenant_id"


def _isolate(cursor: CursorWrapper, model: type[models.Model]) -> None:
    statements = POLICIES
    statements += NOBODYS if model._meta.label in WRITTEN_BY_NOBODY else ""
    statements += KEPT_FROM_TENANTS if model._meta.label in WRITTEN_ONLY else ""
    version = hashlib.sha256(statements.encode()).hexdigest()
    table = model._meta.db_table
    if _version_in_place(cursor, table) == version:
        return
    statements += "COMMENT ON POLICY tenant_rows ON {table} IS {version};"
    cursor.execute(sql.SQL(statements).format(table=sql.Identifier(table), version=version))


def _version_in_place(cursor: CursorWrapper, table: str) -> str | None:
    cursor.execute(
        "SELECT obj_description(oid, 'pg_policy') FROM pg_policy"
        " WHERE polrelid = %s::regclass AND polname = 'tenant_rows'",
        [table],
    )
    row = cursor.fetchone()
    return row[0] if row else None
