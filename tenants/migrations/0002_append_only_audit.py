"""Audit events are only ever added: triggers refuse the rest, also to the table's owner.

ENABLE ALWAYS keeps the triggers alive under `session_replication_role = replica`; the statement
trigger covers TRUNCATE, which fires no row triggers.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION tenants_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_rows_never_change BEFORE UPDATE OR DELETE ON tenants_auditevent
    FOR EACH ROW EXECUTE FUNCTION tenants_refuse_audit_change();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON tenants_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION tenants_refuse_audit_change();
ALTER TABLE tenants_auditevent ENABLE ALWAYS TRIGGER audit_rows_never_change;
ALTER TABLE tenants_auditevent ENABLE ALWAYS TRIGGER audit_is_never_emptied;
"""

ALLOW = """
DROP TRIGGER audit_is_never_emptied ON tenants_auditevent;
DROP TRIGGER audit_rows_never_change ON tenants_auditevent;
DROP FUNCTION tenants_refuse_audit_change();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
