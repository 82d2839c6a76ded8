"""Trees and proofs as RFC 6962 and the Certificate Transparency project have them.

The leaves, roots and proofs below are those of CT's own tests (`merkletree`, "testonly/constants").
"""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.audit import merkle
from tenants.audit.verify import (
    Checkpoint,
    CompactRange,
    consistent,
    covering,
    included,
    leaf_hash,
    node_hash,
)

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
LEAVES += ["606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
NODE_23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
NODE_45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
NODE_67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
NODE_4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def tree_of(hashes):
    """`node` over hashes in memory."""
    return lambda level, index: merkle.subtree(hashes[index << level : (index + 1) << level])


def made(count):
    return [leaf_hash(str(number).encode()) for number in range(count)]


def mth(hashes):
    """RFC 6962 §2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(mth(hashes[:k]), mth(hashes[k:]))


def checkpoint(hashes, size):
    return Checkpoint("log", size, mth(hashes[:size]))


def hexes(path):
    return [node.hex() for node in path]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    assert merkle.root(tree_of(HASHES), 0, size).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [LEAF_1, NODE_23, NODE_4567]),
        (5, 8, [LEAF_4, NODE_67, ROOTS[4]]),
    ],
)
def test_inclusion_proofs_are_those_of_certificate_transparency(index, size, path):
    assert hexes(merkle.inclusion_proof(tree_of(HASHES), index=index, size=size)) == path


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (1, 1, []),
        (1, 8, [LEAF_1, NODE_23, NODE_4567]),
        (6, 8, [NODE_45, NODE_67, ROOTS[4]]),
        (2, 5, [NODE_23, LEAF_4]),
    ],
)
def test_consistency_proofs_are_those_of_certificate_transparency(old, new, path):
    assert hexes(merkle.consistency_proof(tree_of(HASHES), old=old, new=new)) == path


def test_every_leaf_of_every_small_tree_is_proven():
    hashes = made(40)
    for size in range(1, 41):
        for index in range(size):
            path = merkle.inclusion_proof(tree_of(hashes), index=index, size=size)
            terms = {"index": index, "size": size, "path": path, "root": mth(hashes[:size])}

            assert included(leaf=hashes[index], **terms)
            assert not included(leaf=hashes[index - 1], **terms) or size == 1


def test_every_pair_of_small_sizes_is_consistent():
    hashes = made(40)
    for new in range(41):
        for old in range(new + 1):
            path = merkle.consistency_proof(tree_of(hashes), old=old, new=new)

            assert consistent(checkpoint(hashes, old), checkpoint(hashes, new), path)


@given(old=st.integers(1, 60), more=st.integers(1, 60), place=st.integers(0), bit=st.integers(0, 7))
def test_no_proof_joins_a_changed_log(old, more, place, bit):
    hashes = made(old + more)
    changed = list(hashes)
    place %= old
    changed[place] = bytes([changed[place][0] ^ 1 << bit]) + changed[place][1:]
    path = merkle.consistency_proof(tree_of(changed), old=old, new=old + more)

    assert not consistent(checkpoint(hashes, old), checkpoint(changed, old + more), path)


@given(size=st.integers(1, 300), index=st.integers(0), damage=st.integers(0))
def test_damaged_path_proves_nothing(size, index, damage):
    hashes, index = made(size), index % size
    path = merkle.inclusion_proof(tree_of(hashes), index=index, size=size)
    terms = {"leaf": hashes[index], "index": index, "size": size, "root": mth(hashes)}
    place = damage % (len(path) + 1)

    assert not included(path=[*path[:place], bytes(32), *path[place:]], **terms)
    assert not path or not included(path=path[:-1], **terms)


@pytest.mark.parametrize("index", [-1, 3])
def test_place_outside_of_the_tree_is_never_proven(index):
    assert not included(leaf=made(3)[0], index=index, size=3, path=[], root=mth(made(3)))


@given(start=st.integers(0, 500), width=st.integers(0, 500))
def test_covering_is_a_gapless_row_of_aligned_subtrees(start, width):
    leaves = []
    for level, index in covering(start, start + width):
        leaves += range(index << level, (index + 1) << level)

    assert leaves == list(range(start, start + width))
    assert len(list(covering(start, start + width))) <= 2 * max(1, width.bit_length())


@given(first=st.integers(0, 200), count=st.integers(0, 200), after=st.integers(0, 200))
def test_part_of_a_log_and_the_subtrees_around_it_make_the_root(first, count, after):
    end, size = first + count, first + count + after
    hashes = made(size)
    node, part = tree_of(hashes), CompactRange()
    part.extend(first, [node(*place).hex() for place in covering(0, first)])
    for leaf in hashes[first:end]:
        part.append(leaf)
    part.extend(size, [node(*place).hex() for place in covering(end, size)])

    assert part.root() == mth(hashes)
