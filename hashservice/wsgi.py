"""The WSGI application: what the web server's workers import."""

import os

from django.core.wsgi import get_wsgi_application

from matching.index import warm_up
from matching.partial import warm_up as warm_up_partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")

application = get_wsgi_application()
warm_up()
warm_up_partial()  # the search kernels compile or load now, not in the first request
