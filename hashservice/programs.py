"""Programs that call the API go straight to its views.

Django's signals around a request, and what follows in MIDDLEWARE, are there for people: sessions,
sign-in, messages, forms, content policy. A program has a key and no cookies; for it each of these
would only cost time, all together as much as a database statement or two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve

from hashservice.middleware import GetResponse, is_api

StartResponse = Callable[..., Any]


class Application:
    """Django as a WSGI application; without its signals where a program asks.

    Whole answers are given as a list, which Granian sends in one go. Everything else it asks for
    part by part, and for each lets go of the interpreter: then whoever calls waits until no other
    thread wants it.
    """

    def __init__(self, handler: WSGIHandler) -> None:
        self._handler = handler

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes] | HttpResponseBase:
        """Entrance of the web server."""
        if is_api(environ.get("PATH_INFO", "")):
            return self._program(environ, start_response)
        response = self._handler(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        try:
            return [response.content]
        finally:
            response.close()

    def _program(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes] | HttpResponseBase:
        # In place of the signals, which have every connection and cache there is looked after.
        connection.close_if_unusable_or_obsolete()
        request = WSGIRequest(environ)
        response = self._handler.get_response(request)
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
        if not isinstance(response, HttpResponse):
            return response  # the server closes it, and that sends the second signal
        request.close()
        connection.close_if_unusable_or_obsolete()
        return [response.content]


class StraightMiddleware:
    """Does for the API what Django's handler does at the end of the chain."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Raises DisallowedHost for a foreign host; what has no view is told at the chain's end."""
        if not is_api(request.path):
            return self._get_response(request)
        request.get_host()
        try:
            request.resolver_match = found = _route(request.path_info, settings.ROOT_URLCONF)
        except Resolver404:
            return self._get_response(request)
        response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        response.headers["X-Frame-Options"] = "DENY"
        return response


@lru_cache(maxsize=256)
def _route(path: str, urlconf: str) -> ResolverMatch:
    """What is asked again and again need not be looked for again. Raises Resolver404."""
    return resolve(path, urlconf)
