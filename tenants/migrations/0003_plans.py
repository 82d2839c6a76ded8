"""The four plans to start with; afterwards they are data for the admin to change."""

from django.db import migrations

PLANS = [
    # slug, name, requests a minute, burst, calls a month, may submit addresses
    ("free", "Free", 300, 60, 50_000, False),
    ("starter", "Starter", 1_200, 200, 1_000_000, False),
    ("business", "Business", 12_000, 1_000, 20_000_000, True),
    ("unlimited", "Unlimited", 600_000, 60_000, None, True),
]


def add_plans(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for slug, name, requests_per_minute, burst, monthly_quota, url_matching in PLANS:
        plans.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "requests_per_minute": requests_per_minute,
                "burst": burst,
                "monthly_quota": monthly_quota,
                "url_matching": url_matching,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_append_only_audit")]

    operations = [migrations.RunPython(add_plans, migrations.RunPython.noop)]
