"""Fewer indexes that every row of an import pays for: ids of sources are found by identity."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0019_false_entries")]

    operations = [
        migrations.RemoveIndex(model_name="hashentry", name="entry_changed_version"),
        migrations.RemoveIndex(model_name="hashentry", name="entry_external_id"),
        migrations.AddIndex(
            model_name="hashentry",
            index=models.Index(
                fields=["changed_version"],
                name="entry_changed_in_version",
                condition=models.Q(("changed_version__gt", 0)),
            ),
        ),
    ]
