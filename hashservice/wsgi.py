"""The WSGI application: what the web server's workers import."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

# Nothing that has models: they can be imported only once the application is there.
from matching import index
from matching.hashing.local import query
from matching.index import local

sys.setswitchinterval(0.001)
"""Seconds after which a thread that only computes lets another one go on: a fifth of the usual,
so that one caller's search or refusal holds up another's answer for less. It costs no throughput.
"""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hashservice.settings")

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's answer; one that is whole as a list, which Granian sends in one go.

    Everything else it asks for part by part, and for each lets go of the interpreter: then whoever
    calls waits until no other thread wants it.
    """
    response = _django(environ, start_response)
    if not isinstance(response, HttpResponse):
        return response
    try:
        return [response.content]
    finally:
        response.close()


for searched in (index, query, local):
    searched.warm_up()  # the search kernels compile or load now, not in the first request
