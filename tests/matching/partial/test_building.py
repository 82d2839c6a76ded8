"""Segments: built in steps, private, without what was retired."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.curation import retire_entry
from matching.models import LocalSegment, LocalSignature
from matching.partial import build_segments, building, is_build_due
from tests.cast import NARRATOR
from tests.matching.partial.entries import add_partial

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(ncmec, curator):
    """So many pending entries with signatures; all of one picture, which no index minds."""
    made = []

    def add(count):
        for _ in range(count):
            made.append(add_partial(ncmec, 5, by=curator, external_id=f"number {len(made)}"))
        return made

    return add


def in_use():
    return list(LocalSegment.objects.filter(replaced_at=None).values_list("signatures", flat=True))


def build():
    return build_segments(actor=NARRATOR, least=1)


def test_few_signatures_wait(waiting):
    waiting(2)

    assert not is_build_due()
    assert build_segments(actor=NARRATOR) == []


def test_segment_holds_what_waited_before_anything_is_approved(waiting):
    waiting(2)
    [segment] = build()

    assert segment.signatures == 2
    assert not LocalSignature.objects.exclude(segment=segment).exists()


def test_small_segment_is_joined_with_what_is_new(waiting):
    waiting(1)
    build()
    waiting(1)
    build()

    assert in_use() == [2]


def test_large_segment_is_left_alone(waiting, monkeypatch):
    monkeypatch.setattr(building, "GROWTH", 1)
    waiting(2)
    build()
    waiting(1)
    build()

    assert in_use() == [2, 1]


def test_segment_never_grows_beyond_the_limit(waiting, monkeypatch):
    monkeypatch.setattr(building, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(building, "MOST_IN_A_SEGMENT", 2)
    waiting(3)
    build()

    assert sorted(in_use()) == [1, 2]


def test_retired_signatures_are_left_out(waiting, curator):
    first, *_ = waiting(2)
    build()
    retire_entry(entry=first, actor=curator, reason="wrong picture")
    waiting(1)
    build()

    assert in_use() == [2]


def test_files_are_readable_by_the_service_alone(waiting, settings):
    waiting(1)
    [segment] = build()

    directory = Path(settings.INDEX_DIR) / segment.directory
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_replaced_files_are_removed_after_a_while(waiting, settings, monkeypatch):
    monkeypatch.setattr(building, "KEPT_FOR", -building.KEPT_FOR)
    for _ in range(2):
        waiting(1)
        build()

    assert len(list(Path(settings.INDEX_DIR).iterdir())) == 1
