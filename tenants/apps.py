"""Tenants as a Django app: who is calling, what may they do, what was done."""

from importlib import import_module

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("tenants.accounts.events")  # it listens; there are no models before now
