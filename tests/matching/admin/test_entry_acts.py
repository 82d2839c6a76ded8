"""Approve, suspend, resume, retire: asked first, done by the verbs, told in the audit log."""

from __future__ import annotations

import pytest

from matching.admin.acts import Plan
from matching.admin.entry_acts import MOST_ONE_BY_ONE
from matching.curation import approve_entries, retire_entry
from matching.models import Decision, EntryState, HashEntry
from tests.matching.admin.rows import add, begin, confirm, events, page

pytestmark = pytest.mark.django_db


def states(entries) -> list[str]:
    return list(
        HashEntry.objects.filter(pk__in=[entry.pk for entry in entries])
        .order_by("pk")
        .values_list("state", flat=True)
    )


@pytest.fixture
def others(ncmec, second_curator):
    return add(ncmec, 3, by=second_curator, seed=1)


@pytest.fixture
def active(others, curator):
    approve_entries(entries=HashEntry.objects.filter(pk__in=[e.pk for e in others]), actor=curator)
    return others


def test_question_tells_what_will_and_will_not_be_approved(desk, ncmec, others, curator):
    mine = add(ncmec, 2, by=curator, seed=2)
    retire_entry(entry=others[0], actor=curator, reason="wrong")

    plan = begin(desk, "approve", *others, *mine).context["plan"]

    assert (plan.ready, plan.own, plan.other) == (2, 2, 1)
    assert set(plan.sample) == set(others[1:])


def test_asking_changes_nothing(desk, others):
    begin(desk, "approve", *others)

    assert states(others) == [EntryState.PENDING] * 3
    assert events("entry.approved") == []


def test_confirmed_approval_is_done_and_audited(desk, others):
    response = confirm(desk, "approve", *others, expected=3)

    assert response.status_code == 302
    assert states(others) == [EntryState.ACTIVE] * 3
    [event] = events("entry.approved")
    assert (event.actor_id, event.data["entries"]) == ("curator", 3)


def test_own_entries_stay_pending(desk, ncmec, others, curator):
    mine = add(ncmec, 1, by=curator, seed=2)

    confirm(desk, "approve", *others, *mine, expected=3)

    assert states(mine) == [EntryState.PENDING]


def test_only_own_entries_leave_nothing_to_confirm(desk, ncmec, curator):
    answer = begin(desk, "approve", *add(ncmec, 2, by=curator))

    assert b"There is nothing here that you can approve" in answer.content


def test_rows_that_changed_since_are_asked_about_again(desk, others, curator):
    retire_entry(entry=others[0], actor=curator, reason="wrong")

    answer = confirm(desk, "approve", *others, expected=3)

    assert b"have changed since" in answer.content
    assert b'name="expected" value="2"' in answer.content
    assert states(others) == [EntryState.RETIRED, EntryState.PENDING, EntryState.PENDING]


def test_all_rows_found_are_approved_across_pages(desk, ncmec, iwf, second_curator):
    wanted = add(ncmec, 60, by=second_curator, seed=1)
    other_list = add(iwf, 2, by=second_curator, seed=2)

    desk.post(
        f"{page('hashentry')}?hash_list__id__exact={ncmec.pk}&state__exact=pending",
        {
            "action": "approve",
            "_selected_action": [wanted[0].pk],
            "select_across": 1,
            "expected": 60,
            "reason": "looked at",
        },
    )

    assert states(wanted) == [EntryState.ACTIVE] * 60
    assert states(other_list) == [EntryState.PENDING] * 2


def test_rows_that_came_after_the_question_are_left_alone(desk, ncmec, second_curator):
    seen = add(ncmec, 2, by=second_curator, seed=1)
    choice = {"action": "approve", "_selected_action": [seen[0].pk], "select_across": 1}
    plan = desk.post(page("hashentry"), choice).context["plan"]
    imported = add(ncmec, 3, by=second_curator, seed=2)

    answer = {"expected": plan.ready, "newest": plan.newest, "reason": "looked at"}
    desk.post(page("hashentry"), choice | answer)

    assert states(seen) == [EntryState.ACTIVE] * 2
    assert states(imported) == [EntryState.PENDING] * 3


def test_act_that_takes_fewer_than_promised_is_undone(desk, others, monkeypatch):
    monkeypatch.setattr("matching.admin.acts.Plan.of", lambda *_: Plan(5, 0, 0, 10**9, [], None))

    response = confirm(desk, "approve", *others, expected=5)

    assert response.status_code == 302
    assert states(others) == [EntryState.PENDING] * 3
    assert events("entry.approved") == []


@pytest.mark.parametrize("act", ["retire", "suspend"])
def test_stopping_needs_a_reason(desk, active, act):
    answer = confirm(desk, act, *active, expected=3, reason="   ")

    assert b"A reason is needed." in answer.content
    assert states(active) == [EntryState.ACTIVE] * 3


def test_retired_for_good(desk, active):
    confirm(desk, "retire", *active, expected=3, reason="withdrawn by the source")

    assert states(active) == [EntryState.RETIRED] * 3
    [event] = events("entry.retired")
    assert event.data["reason"] == "withdrawn by the source"


def test_retired_as_false(desk, active):
    confirm(desk, "retire_false", *active, expected=3, reason="a cat")

    assert states(active) == [EntryState.RETIRED] * 3
    assert HashEntry.objects.filter(is_false=True).count() == 3


def test_one_person_suspends(second_desk, active):
    confirm(second_desk, "suspend", active[0], expected=1, reason="reported as wrong")

    assert states(active) == [EntryState.SUSPENDED, EntryState.ACTIVE, EntryState.ACTIVE]
    [event] = events("entry.suspended")
    assert (event.actor_id, event.data["reason"]) == ("second curator", "reported as wrong")


def test_stopped_entry_is_resumed_by_two(desk, second_desk, active):
    confirm(desk, "suspend", active[0], expected=1, reason="reported as wrong")
    confirm(second_desk, "resume", active[0], expected=1, reason="all is well")
    still = states(active[:1])
    decision = Decision.objects.get(state="open")
    own = begin(second_desk, "approve", decision, model="decision").context["plan"].own
    confirm(desk, "approve", decision, expected=1, model="decision")

    assert (own, still) == (1, [EntryState.SUSPENDED])
    assert states(active[:1]) == [EntryState.ACTIVE]


def test_one_by_one_acts_have_a_limit(desk, ncmec, curator, second_curator):
    many = add(ncmec, MOST_ONE_BY_ONE + 1, by=second_curator, seed=3)
    approve_entries(entries=HashEntry.objects.all(), actor=curator)

    answer = confirm(desk, "suspend", *many, expected=len(many), reason="all of them")

    assert f"At most {MOST_ONE_BY_ONE} at once." in answer.content.decode()
    assert events("entry.suspended") == []


def test_after_an_act_on_one_entry_its_page_is_shown(desk, others):
    response = confirm(desk, "approve", others[0], expected=1)

    assert response.url == page("hashentry", "change", others[0].pk)
