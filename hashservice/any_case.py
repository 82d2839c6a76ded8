"""Routes for callers that do not heed the case of letters."""

from __future__ import annotations


def any_case(route: str) -> str:
    r"""A pattern for `route` in any case of letters, with or without a slash at its end.

    Spelt out (`[mM][aA]…`), because Django can not reverse the routes beside a `(?i)`.

    >>> any_case("v1.0/ok")
    '^[vV]1\\.0/[oO][kK]/?$'
    """
    letters = "".join(
        f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter.replace(".", r"\.")
        for letter in route
    )
    return f"^{letters}/?$"
