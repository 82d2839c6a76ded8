"""The WSGI application: what the web server's workers import."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")

application = get_wsgi_application()
