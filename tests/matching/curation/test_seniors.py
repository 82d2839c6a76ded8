"""Where there are senior curators, nothing live starts without one of them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, transaction

from matching.curation import (
    SeniorRequired,
    approve_decision,
    propose_list_state,
    propose_resuming,
    propose_threshold,
    suspend_entry,
)
from matching.models import Decision, DecisionState, HashList, ListState
from tenants.audit.record import Actor
from tenants.memberships import create_curator, is_senior, promote_curator
from tenants.models import AuditEvent
from tests.matching.lists import make_list

TESTS = Actor.system("tests")


@pytest.fixture
def waiting(db: None) -> HashList:
    return make_list("waiting", state="quarantine")


@pytest.fixture
def senior(db: None, fast_passwords: None) -> User:
    person = create_curator(username="senior", password="a long password", actor=TESTS)
    promote_curator(curator=person, actor=TESTS)
    return person


def proposed(hash_list: HashList, by: User) -> Decision:
    return propose_list_state(
        hash_list=hash_list, state=ListState.ACTIVE, actor=by, reason="complete"
    )


def test_two_plain_curators_do_not_publish(waiting, senior, curator, second_curator):
    decision = proposed(waiting, curator)
    with pytest.raises(SeniorRequired):
        approve_decision(decision=decision, actor=second_curator)

    decision.refresh_from_db()
    assert decision.state == DecisionState.OPEN


def test_senior_approves_what_a_curator_proposed(waiting, senior, curator):
    approve_decision(decision=proposed(waiting, curator), actor=senior)

    waiting.refresh_from_db()
    assert waiting.state == ListState.ACTIVE


def test_curator_approves_what_a_senior_proposed(waiting, senior, curator):
    approve_decision(decision=proposed(waiting, senior), actor=curator)

    waiting.refresh_from_db()
    assert waiting.state == ListState.ACTIVE


def test_senior_who_left_is_missed(waiting, senior, curator, second_curator):
    decision = proposed(waiting, senior)
    User.objects.filter(pk=senior.pk).update(is_active=False)

    with pytest.raises(SeniorRequired):
        approve_decision(decision=Decision.objects.get(pk=decision.pk), actor=second_curator)


def test_threshold_and_resumed_entry_take_a_senior(
    known_entry, ncmec, senior, curator, second_curator
):
    suspend_entry(entry=known_entry, actor=curator, reason="doubt")
    for decision in (
        propose_threshold(hash_list=ncmec, pdq_threshold=20, actor=curator, reason="fewer"),
        propose_resuming(entry=known_entry, actor=curator, reason="right"),
    ):
        with pytest.raises(SeniorRequired):
            approve_decision(decision=decision, actor=second_curator)


def test_test_list_takes_no_senior(senior, curator, second_curator):
    waiting = make_list("waiting", kind="test", violation="test", state="quarantine")
    approve_decision(decision=proposed(waiting, curator), actor=second_curator)

    waiting.refresh_from_db()
    assert waiting.state == ListState.ACTIVE


def test_sql_does_not_publish_without_a_senior(waiting, senior, curator, second_curator):
    decision = proposed(waiting, curator)
    Decision.objects.filter(pk=decision.pk).update(
        state=DecisionState.APPROVED, decided_by=second_curator
    )
    with pytest.raises(IntegrityError, match="senior curator"), transaction.atomic():
        HashList.objects.filter(pk=waiting.pk).update(state=ListState.ACTIVE)


def test_command_makes_a_senior_of_a_curator_once(curator):
    for _ in range(2):
        call_command("create_curator", curator.username, "--senior")

    assert is_senior(curator)
    assert AuditEvent.objects.filter(action="curator.promoted").count() == 1
