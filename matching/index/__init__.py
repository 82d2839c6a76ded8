"""Which of the known hashes lie near this one? Exact, memory-mapped, free of Django.

`build` writes a snapshot, `HammingIndex` searches it, `DeltaIndex` holds what was added since;
`Neighbours.union` joins their answers. `DigestIndex` tells which digests surely nobody lists.
Whether a hash is an active entry only the database knows.
"""

from matching.index.bulk import BulkIndex
from matching.index.delta import DeltaIndex
from matching.index.digests import PREFIX_BYTES, DigestIndex, build_digests, prefixes_of
from matching.index.hamming import HammingIndex, build, is_former
from matching.index.neighbours import MAX_RADIUS, Neighbours
from matching.index.photodna import SquaredL2Index
from matching.index.store import IndexDamaged, IndexMissing, Meta, remove
from matching.index.warming import warm_up

__all__ = [
    "MAX_RADIUS",
    "PREFIX_BYTES",
    "BulkIndex",
    "DeltaIndex",
    "DigestIndex",
    "HammingIndex",
    "IndexDamaged",
    "IndexMissing",
    "Meta",
    "Neighbours",
    "SquaredL2Index",
    "build",
    "build_digests",
    "is_former",
    "prefixes_of",
    "remove",
    "warm_up",
]
