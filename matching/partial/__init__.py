"""The index of local signatures: kept encrypted in the database, searched in private files."""

from matching.partial.keeping import keep_signatures

__all__ = ["keep_signatures"]
