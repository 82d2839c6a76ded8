"""How many calls of a tenant may run at once, for the four plans to start with."""

from django.db import migrations

AT_ONCE = {"free": 4, "starter": 16, "business": 64}


def limit_concurrency(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for slug, calls in AT_ONCE.items():
        plans.filter(slug=slug, concurrent_requests=None).update(concurrent_requests=calls)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_limits")]

    operations = [migrations.RunPython(limit_concurrency, migrations.RunPython.noop)]
