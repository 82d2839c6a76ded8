"""Django, configured from the environment: imported before models by programs of their own."""

import os

import django

from tenants.acting import SERVICE, become

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")
django.setup()
become(SERVICE)
