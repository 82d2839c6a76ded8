"""Search for entries: by external id, by `entry:<number>`, by the first digits of a digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.db.models import Q, QuerySet

from matching.curation import identity_of
from matching.models import HashEntry, HashList

Keys = QuerySet[HashEntry, int]

FEWEST_DIGITS: Final = 4
MOST_DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64}
MOST_FOUND: Final = 1_000  # of each way to be found; four digits leave 76 of 5 million

_HEX = re.compile(r"[0-9a-f]+")
_ENTRY = re.compile(r"entry:([0-9]{1,18})")


def entries_named(term: str) -> Q:
    """Entries that `term` may mean, at most MOST_FOUND in each way.

    They are looked up here: put as a condition to a page in the order of primary keys, PostgreSQL
    may rather walk all of these than use the indexes of the digests.
    """
    first, *others = _meant(term.strip())
    return Q(pk__in=list(first.union(*others, all=True) if others else first))


def _meant(term: str) -> Iterator[Keys]:
    lists = list(HashList.objects.values_list("pk", flat=True))  # the index begins with the list
    yield _keys(Q(hash_list__in=lists, identity=identity_of(term)), "identity")
    if numbered := _ENTRY.fullmatch(term):
        yield _keys(Q(pk=int(numbered[1])), "pk")
    digits = term.lower()
    if len(digits) >= FEWEST_DIGITS and _HEX.fullmatch(digits):
        for field, most in MOST_DIGITS.items():
            if len(digits) <= most:
                yield _keys(_begins_with(field, digits), field)


def _keys(condition: Q, ordered_by: str) -> Keys:
    """In the order of the index that shall be used."""
    found = HashEntry.objects.filter(condition).order_by(ordered_by)
    return found.values_list("pk", flat=True)[:MOST_FOUND]


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
