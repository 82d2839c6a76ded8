"""What an act will change is told before it is asked for."""

from __future__ import annotations

import pytest

from matching.curation import (
    approve_entries,
    propose_list_state,
    propose_threshold,
    retire_entry,
    suspend_list,
)
from matching.models import HashEntry, ImportRun, ListState
from tests.matching.admin.rows import add, begin, page

pytestmark = pytest.mark.django_db


def told(answer):
    """Each outlook of the page: what becomes of how many entries, by list and class."""
    return [
        (one.effect, {(share.hash_list, share.violation): share.entries for share in one.shares})
        for one in answer.context["outlooks"]
    ]


@pytest.fixture
def active(ncmec, curator, second_curator):
    add(ncmec, 2, by=curator, seed=1, violation="A1")
    add(ncmec, 1, by=curator, seed=2, violation="B2")
    approve_entries(entries=HashEntry.objects.all(), actor=second_curator)
    return ncmec


def test_approval_tells_what_becomes_active_by_source_and_class(second_desk, ncmec, iwf, curator):
    entries = [
        *add(ncmec, 2, by=curator, seed=1, violation="A1"),
        *add(ncmec, 1, by=curator, seed=2, violation="B2"),
        *add(iwf, 1, by=curator, violation="A1"),
    ]

    [(effect, shares)] = told(begin(second_desk, "approve", *entries))

    assert "active" in effect
    assert shares == {("ncmec", "A1"): 2, ("ncmec", "B2"): 1, ("iwf", "A1"): 1}


def test_preview_holds_fifty_and_says_how_many_it_leaves_out(second_desk, ncmec, curator):
    answer = begin(second_desk, "approve", *add(ncmec, 53, by=curator))

    [outlook] = answer.context["outlooks"]
    assert (len(outlook.preview), outlook.unshown) == (50, 3)
    assert "3 more are not shown" in answer.content.decode()


def test_own_entries_are_no_part_of_it(desk, ncmec, curator, second_curator):
    mine, others = add(ncmec, 1, by=curator, seed=1), add(ncmec, 1, by=second_curator, seed=2)

    [outlook] = begin(desk, "approve", *mine, *others).context["outlooks"]

    assert outlook.preview == others


def test_stopping_a_list_tells_what_stops_matching(desk, active):
    [(effect, shares)] = told(begin(desk, "suspend", active, model="hashlist"))

    assert effect == "Stop matching"
    assert shares == {("ncmec", "A1"): 2, ("ncmec", "B2"): 1}


def test_publishing_tells_what_matches_and_what_waits(desk, second_desk, active, curator):
    add(active, 1, by=curator, seed=3, violation="A2")
    suspend_list(hash_list=active, actor=curator, reason="looked into")
    decision = propose_list_state(
        hash_list=active, state=ListState.ACTIVE, actor=curator, reason="looked into"
    )

    told_of = told(begin(second_desk, "approve", decision, model="decision"))

    assert told_of == [
        ("Match from then on", {("ncmec", "A1"): 2, ("ncmec", "B2"): 1}),
        ("Wait for approval still", {("ncmec", "A2"): 1}),
    ]
    assert told(begin(desk, "activate", active, model="hashlist")) == told_of


def test_threshold_moves_no_entry(second_desk, active, curator):
    decision = propose_threshold(hash_list=active, pdq_threshold=20, actor=curator, reason="less")

    assert told(begin(second_desk, "approve", decision, model="decision")) == []


def test_import_tells_what_its_approval_puts_in_force(second_desk, ncmec, curator):
    entries = add(ncmec, 3, by=curator, violation="A1")
    run = ImportRun.objects.create(
        hash_list=ncmec,
        format="csv",
        file_name="a.csv",
        state=ImportRun.State.FINISHED,
        added=3,
        retired=4,
        created_by=curator,
    )
    HashEntry.objects.update(import_run=run)
    retire_entry(entry=entries[0], actor=curator, reason="wrong")

    answer = second_desk.get(page("importrun", "change", run.pk))

    assert (answer.context["outlook"].total, answer.context["outlook"].preview) == (
        2,
        [entries[2], entries[1]],
    )
    assert "4 that the file withdrew stopped matching at once" in answer.content.decode()
