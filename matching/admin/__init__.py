"""The curators' workbench: every write is a verb, and every look is recorded."""

from matching.admin import (
    decisions,
    entries,
    exchanges,
    guards,
    imports,
    lists,
    retention,
    reviews,
    roles,
    submissions,
    versions,
)

__all__ = [
    "decisions",
    "entries",
    "exchanges",
    "guards",
    "imports",
    "lists",
    "retention",
    "reviews",
    "roles",
    "submissions",
    "versions",
]
