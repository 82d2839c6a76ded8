"""Search for entries: by external id, by `entry:<number>`, by the first digits of a digest."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import Q

FEWEST_DIGITS: Final = 4
MOST_DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64}

_HEX = re.compile(r"[0-9a-f]+")
_ENTRY = re.compile(r"entry:([0-9]{1,18})")


def entries_named(term: str) -> Q:
    """Entries that `term` may mean. Every part of the condition is answered by an index."""
    term = term.strip()
    found = Q(external_id=term)
    if numbered := _ENTRY.fullmatch(term):
        found |= Q(pk=int(numbered[1]))
    digits = term.lower()
    if len(digits) >= FEWEST_DIGITS and _HEX.fullmatch(digits):
        for field, most in MOST_DIGITS.items():
            if len(digits) <= most:
                found |= _begins_with(field, digits)
    return found


def _begins_with(field: str, digits: str) -> Q:
    """A range of bytes: half a byte at the end stands for its sixteen completions."""
    missing = len(digits) % 2
    first = int(digits, 16) << 4 * missing
    after = (int(digits, 16) + 1) << 4 * missing
    length = (len(digits) + missing) // 2
    found = Q(**{f"{field}__gte": first.to_bytes(length, "big")})
    if after < 1 << 8 * length:
        found &= Q(**{f"{field}__lt": after.to_bytes(length, "big")})
    return found
