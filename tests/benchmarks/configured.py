"""Django, configured from the environment: imported before models by programs of their own."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")
django.setup()
