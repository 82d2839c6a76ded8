"""What the index holds is read in two ways, which agree."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from matching import indexed
from matching.curation import EntryDraft, add_entry, approve_entry, retire_entry, suspend_entry
from matching.hashing import MIN_QUALITY, Signal, SignalType
from matching.indexed import all_hashes, hashes_of
from matching.models import HashEntry
from tests.matching.lists import make_active
from tests.pictures import as_bytes, render_picture

pytestmark = pytest.mark.django_db


def gathered(parts):
    hashes, prefixes = zip(*parts, strict=True)
    return sorted(map(bytes, np.concatenate(hashes))), sorted(np.concatenate(prefixes).tolist())


def signals_of(number):
    """A PDQ value, of too low a quality for odd numbers, and an MD5."""
    pdq = hashlib.sha256(b"%d" % number).digest()
    md5 = hashlib.md5(b"%d" % number, usedforsecurity=False).digest()
    quality = MIN_QUALITY - number % 2
    return [Signal(SignalType.PDQ, pdq, quality), Signal(SignalType.MD5, md5)]


@pytest.fixture
def entries(ncmec, curator, second_curator):
    """Twelve of them active, one suspended, one retired, one pending, one with a border."""
    made = [
        add_entry(hash_list=ncmec, draft=EntryDraft(signals_of(number)), actor=curator)
        for number in range(15)
    ]
    for entry in made[1:]:
        approve_entry(entry=entry, actor=second_curator)
    suspend_entry(entry=made[1], actor=curator, reason="a doubt")
    retire_entry(entry=made[2], actor=curator, reason="withdrawn")
    framed = Image.new("RGB", (760, 600), "white")
    framed.paste(render_picture(1), (60, 60))
    make_active(ncmec, as_bytes(framed, "PNG"), by=curator, approver=second_curator)
    return made


@pytest.mark.parametrize("at_once", [1, 3, 50_000])
def test_all_hashes_are_those_of_all_searchable_entries(entries, monkeypatch, at_once):
    monkeypatch.setattr(indexed, "READ_AT_ONCE", at_once)

    hashes, prefixes = gathered(all_hashes())

    assert (hashes, prefixes) == gathered(hashes_of(HashEntry.objects.searchable()))
    assert len(prefixes) == 13 + 3


def test_of_every_entry_its_trusted_values_are_held(entries):
    held, _ = gathered(all_hashes())

    searchable = HashEntry.objects.searchable()
    assert held == sorted(value for entry in searchable for value in entry.searched_pdq)


def test_without_entries_there_is_nothing_to_hold():
    assert gathered(all_hashes()) == ([], [])
