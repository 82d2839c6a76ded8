"""API keys: issue, verify, rotate, revoke."""

from tenants.keys.alongside import along, read_along
from tenants.keys.leaks import report_leak
from tenants.keys.life import (
    MAX_OVERLAP_SECONDS,
    IssuedKey,
    KeyNotActive,
    issue,
    revoke,
    rotate,
)
from tenants.keys.reading import KeyNotFound, find, keys_of
from tenants.keys.scopes import DEFAULT_SCOPES, SCOPES
from tenants.keys.terms import (
    HIGHEST_LIMIT,
    MAX_NAME_LENGTH,
    KeyTermsInvalid,
    Limits,
    ScopeExceeded,
)
from tenants.keys.tokens import TOKEN_PATTERN
from tenants.keys.verification import KeyInvalid, verify

__all__ = [
    "DEFAULT_SCOPES",
    "HIGHEST_LIMIT",
    "MAX_NAME_LENGTH",
    "MAX_OVERLAP_SECONDS",
    "SCOPES",
    "TOKEN_PATTERN",
    "IssuedKey",
    "KeyInvalid",
    "KeyNotActive",
    "KeyNotFound",
    "KeyTermsInvalid",
    "Limits",
    "ScopeExceeded",
    "along",
    "find",
    "issue",
    "keys_of",
    "read_along",
    "report_leak",
    "revoke",
    "rotate",
    "verify",
]
