"""Every plan that is paid for includes lookback."""

from django.db import migrations


def add_lookback(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    plans.exclude(slug="free").update(lookback=True)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_tenant_settings")]

    operations = [migrations.RunPython(add_lookback, migrations.RunPython.noop)]
