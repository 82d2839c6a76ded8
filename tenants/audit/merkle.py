"""The Merkle tree of RFC 6962 and 9162: roots and proofs from the hashes of complete subtrees.

Functions take `node(level, index)`, the hash of the complete subtree over the 2^level leaves from
`index * 2^level` on. Where it comes from (memory, a database) is the caller's affair; complete
subtrees never change. The hashes themselves are defined in `verify`, which the auditor runs too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenants.audit.verify import CompactRange, covering, node_hash

Node = Callable[[int, int], bytes]


def subtree(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^n neighbours."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def root(node: Node, start: int, end: int) -> bytes:
    """MTH(D[start:end]), RFC 6962 §2.1, for a `start` that begins a subtree as large as the rest.

    With `start` 0 it is the root of the tree of size `end`; of no leaves, the hash of nothing.
    """
    leaves = CompactRange()
    for level, index in covering(start, end):
        leaves.append(node(level, index), level)
    return leaves.root()


def inclusion_proof(node: Node, *, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]), RFC 6962 §2.1.1, from the leaf upwards. Needs 0 <= index < size."""
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _left_part(end - start)
        if index < middle:
            path.append(root(node, middle, end))
            end = middle
        else:
            path.append(root(node, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(node: Node, *, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]), RFC 6962 §2.1.2; empty for `old` 0 or `new`. Needs 0 <= old <= new."""
    if old in {0, new}:
        return []
    path, start, end = [], 0, new
    while old != end:
        middle = start + _left_part(end - start)
        if old <= middle:
            path.append(root(node, middle, end))
            end = middle
        else:
            path.append(root(node, start, middle))
            start = middle
    if start:
        path.append(root(node, start, end))
    return path[::-1]


def _left_part(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)
