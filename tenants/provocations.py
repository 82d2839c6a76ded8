"""Answers that can not be had by an image alone, asked for by a header, with test keys only.

`Hashservice-Sandbox: rate_limited` makes a call answer as if the limit were reached; any code of
the table of errors will do, and `slow=5` answers five seconds late.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Final

from tenants.models import ApiKey, Environment

HEADER: Final = "Hashservice-Sandbox"
LONGEST_SECONDS: Final = 10.0
# A late answer keeps a thread from others' calls.
_late = threading.BoundedSemaphore(1)


class Provoked(Exception):
    """The caller asked for the error with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Asked for by the header {HEADER}.")
        self.code = code


class NotForLiveKeys(Exception):
    """Only calls that nobody relies on can be made to fail."""


def provoke(headers: Mapping[str, str], key: ApiKey) -> None:
    """Do what the header asks for; nothing without it. Raises Provoked, NotForLiveKeys."""
    asked = headers.get(HEADER)
    if asked is None:
        return
    if key.environment != Environment.TEST:
        raise NotForLiveKeys(f"{HEADER} needs a test key.")
    name, _, seconds = asked.partition("=")
    if name != "slow":
        raise Provoked(asked)
    if not _late.acquire(blocking=False):
        raise Provoked("rate_limited")
    try:
        time.sleep(min(LONGEST_SECONDS, _seconds(seconds)))
    finally:
        _late.release()


def _seconds(text: str) -> float:
    """Raises Provoked for what is no number of seconds."""
    try:
        return max(0.0, float(text))
    except ValueError:
        raise Provoked("request_invalid") from None
