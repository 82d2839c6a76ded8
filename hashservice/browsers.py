"""Middleware that only pages for people need: sessions, sign-in, messages, content policy.

A program that calls the API has a key and no cookies; for it each of these would only cost time,
together about as much as two of the three database statements of a match.
"""

from __future__ import annotations

from collections.abc import Awaitable

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from hashservice.middleware import is_api
from tenants.accounts import limits


class _BrowserOnly(MiddlewareMixin):
    """Steps aside for the API, whose views take no cookies."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if is_api(request.path):
            return self.get_response(request)
        return super().__call__(request)


class ContentPolicy(_BrowserOnly, CSPMiddleware):
    pass


class Session(_BrowserOnly, SessionMiddleware):
    pass


class SignIn(_BrowserOnly, AuthenticationMiddleware):
    pass


class Messages(_BrowserOnly, MessageMiddleware):
    pass


class SessionLimits(limits.SessionLimits, _BrowserOnly):
    pass


class SecondFactor(limits.SecondFactor, _BrowserOnly):
    pass
