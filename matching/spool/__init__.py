"""Images that wait for a worker: on disk, encrypted, and gone with the lot they belong to.

Each batch has a key of its own, which only its row in the database holds and which is erased with
the last lot: what may be left of a file on a disk or in a backup of it says nothing then. A single
image that waits for the partial stage is a lot of one, under its submission's name.
"""

from matching.spool.files import SpoolDamaged, forget, names, read_lot, remove_lot, sweep, write_lot
from matching.spool.upload import SealedUpload

__all__ = [
    "SealedUpload",
    "SpoolDamaged",
    "forget",
    "names",
    "read_lot",
    "remove_lot",
    "sweep",
    "write_lot",
]
