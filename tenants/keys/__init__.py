"""API keys: issue, verify, rotate, revoke."""

from tenants.keys.life import IssuedKey, KeyNotActive, issue, revoke, rotate
from tenants.keys.scopes import DEFAULT_SCOPES, SCOPES
from tenants.keys.terms import KeyTermsInvalid, ScopeExceeded
from tenants.keys.tokens import TOKEN_PATTERN
from tenants.keys.verification import KeyInvalid, verify

__all__ = [
    "DEFAULT_SCOPES",
    "SCOPES",
    "TOKEN_PATTERN",
    "IssuedKey",
    "KeyInvalid",
    "KeyNotActive",
    "KeyTermsInvalid",
    "ScopeExceeded",
    "issue",
    "revoke",
    "rotate",
    "verify",
]
