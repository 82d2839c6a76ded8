"""The single row that counts how often the lists changed."""

from django.db import migrations
from django.utils import timezone


def start(apps, schema_editor):
    lists_version = apps.get_model("matching", "ListsVersion")
    lists_version.objects.using(schema_editor.connection.alias).create(
        pk=1, version=0, changed_at=timezone.now()
    )


class Migration(migrations.Migration):
    dependencies = [("matching", "0001_initial")]

    operations = [migrations.RunPython(start, migrations.RunPython.noop)]
