import hashlib
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.index import DigestIndex, IndexDamaged, build_digests, prefixes_of
from matching.index.store import Meta, publishing


def sha256(number):
    return hashlib.sha256(b"%d" % number).digest()


def holding(directory, digests):
    build_digests(prefixes_of(digests), directory)
    return DigestIndex.open(directory)


def test_all_that_was_built_in_is_held_and_nothing_else(tmp_path):
    index = holding(tmp_path / "snapshot", [sha256(number) for number in range(1_000)])

    assert all(index.may_hold([sha256(number)]) for number in range(1_000))
    assert not any(index.may_hold([sha256(number)]) for number in range(1_000, 2_000))


def test_what_is_added_is_held_beside_the_files(tmp_path):
    index = holding(tmp_path / "snapshot", [sha256(1)])
    assert not index.may_hold([sha256(2)])

    index.add(prefixes_of([sha256(2)]))

    assert index.may_hold([sha256(1)])
    assert index.may_hold([sha256(2)])


def test_one_held_digest_among_others_is_enough(tmp_path):
    index = holding(tmp_path / "snapshot", [sha256(5)])

    assert index.may_hold([bytes(16), b"\xff" * 20, sha256(5)])


def test_smallest_and_greatest_digest_are_held(tmp_path):
    ends = [bytes(16), b"\xff" * 20]

    index = holding(tmp_path / "snapshot", ends)

    assert all(index.may_hold([end]) for end in ends)
    assert not index.may_hold([sha256(1)])


def test_an_empty_index_holds_nothing(tmp_path):
    index = holding(tmp_path / "snapshot", [])

    assert len(index) == 0
    assert not index.may_hold([sha256(1)])
    assert not index.may_hold([])


def test_the_same_digest_counts_once(tmp_path):
    assert len(holding(tmp_path / "snapshot", [sha256(1), sha256(1), sha256(2)])) == 2


def test_additions_of_several_threads_are_all_held():
    index = DigestIndex(prefixes_of([]))
    threads = [
        threading.Thread(target=index.add, args=(prefixes_of([sha256(number)]),))
        for number in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(index.may_hold([sha256(number)]) for number in range(50))


@given(
    built=st.sets(st.binary(min_size=16, max_size=32), max_size=20),
    added=st.sets(st.binary(min_size=16, max_size=32), max_size=20),
    asked=st.lists(st.binary(min_size=16, max_size=32), max_size=4),
)
@settings(deadline=None)
def test_any_digests_agree_with_a_set_of_their_beginnings(built, added, asked):
    index = DigestIndex(np.unique(prefixes_of(built)))
    index.add(prefixes_of(added))
    beginnings = {digest[:8] for digest in built | added}

    assert all(index.may_hold([digest]) for digest in built | added)
    assert index.may_hold(asked) == any(digest[:8] in beginnings for digest in asked)


def test_an_altered_file_is_refused(tmp_path):
    build_digests(prefixes_of([sha256(1)]), tmp_path / "snapshot")
    (tmp_path / "snapshot" / "prefixes").write_bytes(bytes(8))

    with pytest.raises(IndexDamaged, match="prefixes"):
        DigestIndex.open(tmp_path / "snapshot")


def test_meta_that_contradicts_its_prefixes_is_refused(tmp_path):
    with publishing(tmp_path / "snapshot", Meta("digests", count=2)) as writer:
        writer.write("prefixes", [prefixes_of([sha256(1)])])

    with pytest.raises(IndexDamaged, match="meta"):
        DigestIndex.open(tmp_path / "snapshot")
