"""Requests to addresses that tenants choose, guarded so that none reaches what is not public.

A name is resolved once. If any of its addresses is not public the request is refused; otherwise
the connection goes to one of just these addresses, while the certificate and the Host header go by
the name. So a name that leads elsewhere a moment later gains nothing. No redirect is followed, no
proxy of the environment used, no cookie kept; time and size are limited in all.
"""

from tenants.outgoing.errors import AddressRefused, AnswerTooLarge, NotReached, Unreached
from tenants.outgoing.request import Answer, check, fetch, post

__all__ = [
    "AddressRefused",
    "Answer",
    "AnswerTooLarge",
    "NotReached",
    "Unreached",
    "check",
    "fetch",
    "post",
]
