"""The Django project as an app: commands, templates, static files and the start-up wiring."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from hashservice.celery import app as celery_app
from hashservice.database import grant_duties, grant_runtime_privileges
from hashservice.isolation import isolate_tenants

__all__ = ["HashserviceConfig", "celery_app"]


class HashserviceConfig(AppConfig):
    name = "hashservice"

    def ready(self) -> None:
        # Once, after the migrations of all apps: `tenants` stands for the whole project here,
        # because Django sends no signal for an app without models.
        post_migrate.connect(isolate_tenants, sender=apps.get_app_config("tenants"))
        post_migrate.connect(grant_runtime_privileges, sender=apps.get_app_config("tenants"))
        post_migrate.connect(grant_duties, sender=apps.get_app_config("tenants"))
