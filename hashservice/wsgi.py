"""The WSGI application: what the web server's workers import."""

import os
import sys

from django.core.wsgi import get_wsgi_application

# Nothing that has models: they can be imported only once Django is set up.
from matching import index
from matching.hashing.local import query
from matching.index import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")
django = get_wsgi_application()

from hashservice.programs import Application  # noqa: E402  # it has to do with models

sys.setswitchinterval(0.001)
"""Seconds after which a thread that only computes lets another one go on: a fifth of the usual,
so that one caller's search or refusal holds up another's answer for less. It costs no throughput.
"""

application = Application(django)

for searched in (index, query, local):
    searched.warm_up()  # the search kernels compile or load now, not in the first request
