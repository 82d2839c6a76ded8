"""Every submission paid for indexes that no query uses.

Ids are looked up whole: the `_like` indexes, for searches by their beginnings, are never read. What
is of a tenant is found by `(tenant, -id)`.
"""

import django.db.models.deletion
from django.db import migrations, models

NEVER_READ = (
    "matching_submission_public_id_7aefd2e3_like",
    "matching_match_public_id_56e91a28_like",
    "matching_match_submission_id_d765329a_like",
)


def of_tenant(related_name: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to="tenants.tenant",
    )


class Migration(migrations.Migration):
    dependencies = [("matching", "0021_references_by_statement"), ("tenants", "0018_fewer_indexes")]

    operations = [
        migrations.AlterField("match", "tenant", of_tenant("matches")),
        migrations.AlterField("submission", "tenant", of_tenant("submissions")),
        *(
            migrations.RunSQL(f"DROP INDEX IF EXISTS {index}", migrations.RunSQL.noop)
            for index in NEVER_READ
        ),
    ]
