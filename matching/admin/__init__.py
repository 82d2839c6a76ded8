"""The curators' workbench: every write is a verb, and every look is recorded."""

from matching.admin import entries, imports, lists, reviews, roles, submissions, versions

__all__ = ["entries", "imports", "lists", "reviews", "roles", "submissions", "versions"]
