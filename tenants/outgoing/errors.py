"""Why a request was not made, or got no answer."""

from __future__ import annotations

from enum import StrEnum


class AddressRefused(Exception):
    """The address is malformed, not public, or leads nowhere. Which of them is not told.

    Otherwise names that only our own resolver knows could be found out by asking.
    """

    def __init__(self) -> None:
        super().__init__("The address has to be a public https address.")


class Unreached(StrEnum):
    """What went wrong between us and a public address."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROTOCOL = "protocol"


class NotReached(Exception):
    """The address is a public one, and no answer came from it."""

    def __init__(self, why: Unreached) -> None:
        super().__init__(why.value)
        self.why = why


class AnswerTooLarge(Exception):
    """The answer is longer than it may be; the rest of it was not read."""
