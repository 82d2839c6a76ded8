"""Hash lists and matching as a Django app."""

from importlib import import_module

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "matching"
    verbose_name = "Hash lists and matching"

    def ready(self) -> None:
        import_module("matching.access").read_version_with_keys()  # there are no models before now
