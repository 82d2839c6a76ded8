"""The index of local signatures: kept encrypted in the database, searched in private files.

The files are segments: immutable pieces, each published by its row. The worker writes signatures
that are in none into a new one, and joins small ones, so that there are few of very different
sizes and every signature is written some times in all. Signatures are in a segment before their
entries are approved; what was approved faster is in a delta of each process. What a search finds
is looked up in the database, which alone knows what is in force. The database shows the web's role
no signature but through a function, and that those alone that are in force and in no segment.
"""

from matching.partial.building import build_segments, is_build_due
from matching.partial.keeping import keep_signatures
from matching.partial.live import PartialIndexUnavailable, live_partial
from matching.partial.resealing import reseal_signatures

__all__ = [
    "PartialIndexUnavailable",
    "build_segments",
    "is_build_due",
    "keep_signatures",
    "live_partial",
    "reseal_signatures",
]
