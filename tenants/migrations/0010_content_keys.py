"""A content key of its own for every tenant that is there: the column's default gave all the same.

Two random UUIDs hold 244 bits from the operating system.
"""

from django.db import migrations

GIVE = """
UPDATE tenants_tenant
   SET content_key = sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea)
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_proposals_and_content_keys")]

    operations = [migrations.RunSQL(GIVE, migrations.RunSQL.noop)]
