"""The WSGI application: what the web server's workers import."""

import os

from django.core.wsgi import get_wsgi_application

# Nothing that has models: they can be imported only once the application is there.
from matching import index
from matching.hashing.local import query
from matching.index import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")

application = get_wsgi_application()
for searched in (index, query, local):
    searched.warm_up()  # the search kernels compile or load now, not in the first request
