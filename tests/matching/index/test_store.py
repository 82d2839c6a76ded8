import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest

from matching.index import (
    HammingIndex,
    IndexDamaged,
    IndexMissing,
    SquaredL2Index,
    build,
    is_former,
    remove,
)
from matching.index.hamming import FORMER
from matching.index.store import META, Meta, publishing
from tests.matching.index.planted import random_hashes

HASHES = random_hashes(200, seed=1)
FILES = ["hashes", "ids", "marks", "occupied", "ranks"]


@pytest.fixture
def snapshot(tmp_path):
    build(HASHES, tmp_path / "snapshot", chunks=16)
    return tmp_path / "snapshot"


def refusal(directory, *, verify=True):
    """The file a damaged snapshot is refused for, and why."""
    with pytest.raises(IndexDamaged) as refused:
        HammingIndex.open(directory, verify=verify)
    assert str(refused.value.path) in str(refused.value)
    return refused.value.path.name, refused.value.reason


def edit_meta(directory, **changes):
    content = json.loads((directory / META).read_text())
    (directory / META).write_text(json.dumps(content | changes))


def test_a_snapshot_says_what_it_was_built_from(tmp_path):
    created_at = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    build(HASHES, tmp_path / "snapshot", version=17, created_at=created_at)

    meta = HammingIndex.open(tmp_path / "snapshot").meta

    assert (meta.version, meta.created_at, meta.count) == (17, created_at, 200)


def test_only_the_service_user_can_read_it(snapshot):
    assert stat.S_IMODE(snapshot.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in snapshot.iterdir()} == {0o600}


def test_a_place_without_a_snapshot_is_missing(tmp_path):
    with pytest.raises(IndexMissing, match="nowhere"):
        HammingIndex.open(tmp_path / "nowhere")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("verify", [True, False])
def test_a_truncated_file_is_refused_by_name(snapshot, file, verify):
    content = (snapshot / file).read_bytes()
    (snapshot / file).write_bytes(content[:-1])

    assert refusal(snapshot, verify=verify) == (
        file,
        f"has {len(content) - 1} bytes instead of {len(content)}",
    )


@pytest.mark.parametrize("file", FILES)
def test_an_emptied_file_is_refused_by_name(snapshot, file):
    (snapshot / file).write_bytes(b"")

    assert refusal(snapshot)[0] == file


@pytest.mark.parametrize("file", FILES)
def test_a_longer_file_is_refused_by_name(snapshot, file):
    with (snapshot / file).open("ab") as content:
        content.write(b"\0")

    assert refusal(snapshot)[0] == file


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0])
def test_a_flipped_bit_is_refused_by_name(snapshot, file, where):
    content = bytearray((snapshot / file).read_bytes())
    content[int(where * (len(content) - 1))] ^= 0x10
    (snapshot / file).write_bytes(content)

    assert refusal(snapshot) == (file, "does not have the SHA-256 it was published with")


@pytest.mark.parametrize("file", [*FILES, META])
def test_a_missing_file_is_refused_by_name(snapshot, file):
    (snapshot / file).unlink()

    assert refusal(snapshot) == (file, "is missing")


@pytest.mark.parametrize("file", [*FILES, META])
def test_an_unreadable_file_is_refused_by_name(snapshot, file):
    (snapshot / file).unlink()
    (snapshot / file).mkdir()

    assert refusal(snapshot) == (file, "cannot be read: Is a directory")


@pytest.mark.parametrize("content", [b"", b'{"format": 1', b"\xff\xfe", b"[]", b"null"])
def test_meta_that_is_no_json_object_is_refused(snapshot, content):
    (snapshot / META).write_bytes(content)

    assert refusal(snapshot)[0] == META


@pytest.mark.parametrize("known", [0, 2, None, "1"])
def test_an_unknown_format_is_refused(snapshot, known):
    edit_meta(snapshot, format=known)

    assert refusal(snapshot) == (META, "is not of format 1")


@pytest.mark.parametrize("change", [{"count": 199}, {"chunks": 13}, {"version": 5}, {"files": {}}])
def test_edited_meta_is_refused(snapshot, change):
    edit_meta(snapshot, **change)

    assert refusal(snapshot) == (META, "does not have the SHA-256 it was published with")


def test_meta_that_contradicts_its_files_is_refused(tmp_path):
    with publishing(tmp_path / "snapshot", Meta("hamming256-3", count=9)) as writer:
        for name in FILES:
            writer.write(name, [np.zeros(32, np.uint8)])

    assert refusal(tmp_path / "snapshot") == (META, "does not fit the files it names")


def test_a_snapshot_of_another_index_is_refused(tmp_path):
    SquaredL2Index(np.zeros((2, 144), np.uint8)).save(tmp_path / "snapshot")

    assert refusal(tmp_path / "snapshot") == (
        META,
        "describes a photodna144 index, not hamming256-3",
    )


@pytest.fixture(params=FORMER)
def former(tmp_path, request):
    """A snapshot as releases until December 2026 wrote it, tables left out."""
    ordered = np.unique(random_hashes(6_000, seed=2), axis=0)
    with publishing(tmp_path / "former", Meta(request.param, 6_000, 16, version=9)) as writer:
        writer.write("hashes", [ordered])
        writer.write("ids", [np.zeros(16 * 6_000, np.uint32)])
        writer.write("offsets", [np.zeros(16 * (1 + (1 << 16)), np.uint32)])
    return tmp_path / "former"


@pytest.mark.parametrize("compiled", [True, False])
def test_a_snapshot_of_an_earlier_release_is_searched_with_tables_of_its_own(former, compiled):
    hashes = random_hashes(6_000, seed=2)

    index = HammingIndex.open(former, compiled=compiled)

    assert (len(index), index.meta.version, is_former(former)) == (6_000, 9, True)
    for value in hashes[:50]:
        assert index.search(value).pairs() == [(value.tobytes(), 0)]


def test_a_damaged_snapshot_of_an_earlier_release_is_refused(former):
    content = bytearray((former / "hashes").read_bytes())
    content[7] ^= 1
    (former / "hashes").write_bytes(content)

    assert refusal(former) == ("hashes", "does not have the SHA-256 it was published with")


def test_a_snapshot_of_this_release_is_not_taken_for_a_former_one(snapshot):
    assert not is_former(snapshot)


def test_nothing_is_published_before_everything_is_written(tmp_path):
    with publishing(tmp_path / "snapshot", Meta("hamming256-3", count=0)) as writer:
        writer.write("hashes", [])

        assert not (tmp_path / "snapshot").exists()


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def pieces():
        yield HASHES[:1]
        raise MemoryError

    def publish():
        with publishing(tmp_path / "snapshot", Meta("hamming256-3", count=2)) as writer:
            writer.write("hashes", pieces())

    with pytest.raises(MemoryError):
        publish()

    assert list(tmp_path.iterdir()) == []


def test_a_published_snapshot_is_never_overwritten(snapshot):
    with pytest.raises(FileExistsError):
        build(HASHES[:5], snapshot)

    assert len(HammingIndex.open(snapshot)) == 200


def test_the_next_build_clears_what_a_killed_one_left(tmp_path):
    killed = tmp_path / ".snapshot.abc.partial"
    killed.mkdir()
    (killed / "hashes").write_bytes(b"half")

    build(HASHES, tmp_path / "snapshot")

    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]


def test_a_build_leaves_another_running_one_alone(tmp_path):
    with publishing(tmp_path / "slow", Meta("hamming256-3", count=0)) as writer:
        build(HASHES, tmp_path / "quick")
        for name in FILES:
            writer.write(name, [])

    assert len(HammingIndex.open(tmp_path / "slow")) == 0


def test_builds_and_removals_side_by_side_do_not_disturb_each_other(tmp_path):
    def build_and_remove(name):
        build(HASHES, tmp_path / name)
        count = len(HammingIndex.open(tmp_path / name))
        remove(tmp_path / name)
        return count

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(build_and_remove, map(str, range(40))))

    assert counts == [200] * 40
    assert list(tmp_path.iterdir()) == []


def test_a_removed_snapshot_still_answers_who_has_it_open(snapshot):
    index = HammingIndex.open(snapshot)

    remove(snapshot)

    assert list(snapshot.parent.iterdir()) == []
    assert index.search(HASHES[7]).pairs() == [(HASHES[7].tobytes(), 0)]


def test_removing_nothing_is_no_error(tmp_path):
    remove(tmp_path / "snapshot")
    remove(tmp_path / "nowhere" / "snapshot")

    assert list(tmp_path.iterdir()) == []
