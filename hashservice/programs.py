"""Programs that call the API go straight to its views.

What follows in MIDDLEWARE is there for people: sessions, sign-in, messages, forms, content policy.
A program has a key and no cookies; for it each of these would only cost time, together about as
much as two of the three database statements of a match.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, resolve

from hashservice.middleware import GetResponse, is_api


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
            request.resolver_match = found = resolve(request.path_info)
        except Resolver404:
            return self._get_response(request)
        response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        response.headers["X-Frame-Options"] = "DENY"
        return response
