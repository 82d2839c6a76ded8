"""Snapshots and what was added since, through their public face."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from matching.index import IndexDamaged, IndexMissing
from matching.index.local import Band, LocalDelta, LocalIndex
from matching.index.store import load
from tests.matching.index.local.made import showing, signature

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("local") / "snapshot"
    pairs = ((1000 + seed, signature(seed)) for seed in range(20))
    assert LocalIndex.build(pairs, directory, version=7, created_at=NOON) == 20
    return directory


def test_opened_snapshot_finds_what_was_built(snapshot: Path) -> None:
    index = LocalIndex.open(snapshot)
    assert (len(index), index.meta.version, index.meta.created_at) == (20, 7, NOON)
    (match,) = index.search(showing(signature(4), scale=0.8, degrees=20))
    assert match.id == 1004
    assert match.band is Band.ACCEPT


def test_excluded_ids_are_not_found(snapshot: Path) -> None:
    index = LocalIndex.open(snapshot)
    assert index.search(showing(signature(4)), exclude={1004}) == []


def test_candidates_come_with_their_votes(snapshot: Path) -> None:
    first, *_ = LocalIndex.open(snapshot).candidates(showing(signature(4)), 10)
    assert first.row == 4
    assert first.votes > 50


def test_snapshot_is_readable_by_the_service_alone(snapshot: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in snapshot.iterdir()} == {0o600}


def test_missing_snapshot_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        LocalIndex.open(tmp_path / "none")


@pytest.mark.parametrize("name", ["words", "positions", "windows", "limits"])
def test_altered_snapshot_is_refused(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "snapshot"
    LocalIndex.build([(1, signature(1))], directory)
    file = directory / name
    content = bytearray(file.read_bytes())
    content[0] ^= 1
    file.write_bytes(content)
    with pytest.raises(IndexDamaged):
        LocalIndex.open(directory)


def test_snapshot_of_another_kind_is_refused(snapshot: Path) -> None:
    with pytest.raises(IndexDamaged):
        load(snapshot, kind="hamming256")


def test_empty_snapshot_finds_nothing(tmp_path: Path) -> None:
    assert LocalIndex.build([], tmp_path / "snapshot") == 0
    index = LocalIndex.open(tmp_path / "snapshot")
    assert index.search(showing(signature(1))) == []


def test_delta_finds_what_was_added() -> None:
    delta = LocalDelta()
    assert delta.search(showing(signature(1))) == []
    delta.add([(1, signature(1)), (2, signature(2))])
    delta.add([(3, signature(3))])
    assert len(delta) == 3
    for seed in (1, 2, 3):
        assert [match.id for match in delta.search(showing(signature(seed)))] == [seed]
    assert delta.search(showing(signature(3)), exclude={3}) == []


def test_delta_replaces_a_signature_of_the_same_id() -> None:
    delta = LocalDelta()
    delta.add([(1, signature(1))])
    delta.add([(1, signature(2))])
    assert delta.search(showing(signature(1))) == []
    assert [match.id for match in delta.search(showing(signature(2)))] == [1]
