"""The door: which key calls, and whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, QueryDict
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.audit import context
from tenants.keys import TOKEN_PATTERN, KeyInvalid, verify
from tenants.models import ApiKey, Tenant
from tenants.provocations import provoke

if TYPE_CHECKING:  # DRF's views load these classes while they are being loaded themselves
    from rest_framework.views import APIView

SCHEME = "bearer"
CHALLENGE = 'Bearer realm="hashservice"'


class KeyInQuery(Exception):
    """A key stands in the address, where logs and histories keep it."""


class ScopeMissing(Exception):
    """The key is good, but not for this."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs a key with the scope {scope}.")
        self.scope = scope


class KeyPrincipal:
    """A caller that holds an API key: what DRF and Django call the user."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    @property
    def tenant(self) -> Tenant:
        return self.key.tenant

    def __str__(self) -> str:
        return self.key.key_id


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. Dialects with other headers override `token_of`."""

    def authenticate(self, request: Request) -> tuple[KeyPrincipal, ApiKey] | None:
        """The caller, or None when no key is shown. Raises `KeyInvalid` and `KeyInQuery`."""
        refuse_key_in_query(request.query_params)
        token = self.token_of(request)
        if token is None:
            return None
        key = verify(token=token, address=context.current().address)
        return KeyPrincipal(key), key

    def token_of(self, request: HttpRequest | Request) -> str | None:
        """The key as the request shows it; None when it shows none."""
        return _bearer_token(request.headers.get("Authorization", ""))

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return CHALLENGE


class HasScope(BasePermission):
    """Admit keys that hold the view's `required_scope`.

    A view that names none admits nobody; `required_scope = None` admits every valid key.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises `KeyInvalid` without a key and `ScopeMissing` with the wrong one."""
        key = key_of(request)
        if not hasattr(view, "required_scope"):
            return False
        scope: str | None = view.required_scope
        if scope is not None and scope not in key.scopes:
            view.check_throttles(request)  # DRF has not yet come to it, and this was a call too
            raise ScopeMissing(scope)
        provoke(request.headers, key)
        return True


def key_of(request: Request) -> ApiKey:
    """The key a view was called with. Raises `KeyInvalid` when there is none."""
    key: object = request.auth
    if not isinstance(key, ApiKey):
        raise KeyInvalid("missing")
    return key


def authenticate_header(header: str, address: str | None) -> ApiKey:
    """The key in an `Authorization` header, for callers outside of DRF. Raises `KeyInvalid`."""
    token = _bearer_token(header)
    if token is None:
        raise KeyInvalid("missing")
    return verify(token=token, address=address)


def refuse_key_in_query(query: QueryDict) -> None:
    """Raise `KeyInQuery` when a name or a value in the query string holds a key."""
    for name, values in query.lists():
        if any(TOKEN_PATTERN.search(text) for text in (name, *values)):
            raise KeyInQuery("Send the key in the Authorization header, and revoke this one.")


def _bearer_token(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == SCHEME and token.strip() else None
