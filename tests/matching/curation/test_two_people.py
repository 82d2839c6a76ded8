"""Nobody starts anything alone: not by a verb, and not by SQL in the service's own role."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import Error, connection, transaction

from matching.curation import (
    Conflict,
    FourEyesRequired,
    approve_decision,
    propose_list_state,
    propose_resuming,
    propose_start,
    propose_threshold,
    publish_list,
    quarantine_list,
    refuse_decision,
    retire_entry,
    retire_list,
    stop_signal,
    suspend_entry,
    suspend_list,
)
from matching.models import Decision, HashEntry, HashList, ListState, ListsVersion
from tests.matching.lists import make_list

pytestmark = pytest.mark.django_db


CHECK_VIOLATED, NOT_PERMITTED = "23514", "42501"


def refused(statement: str, *values: object) -> bool:
    """Whether PostgreSQL refuses what the runtime role asks."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            assert cursor.rowcount > 0, "the statement met no row: it proves nothing"
    except Error as error:
        if getattr(error.__cause__, "sqlstate", "") in {CHECK_VIOLATED, NOT_PERMITTED}:
            return True
        raise
    return False


@pytest.fixture
def waiting(db: None) -> HashList:
    return make_list("waiting", state="quarantine")


@pytest.fixture
def proposal(waiting: HashList, curator: User) -> Decision:
    return propose_list_state(
        hash_list=waiting, state=ListState.SHADOW, actor=curator, reason="complete"
    )


def test_tests_run_as_a_role_that_owns_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)


def test_list_goes_its_way_by_two_people(proposal, waiting, second_curator, curator):
    approve_decision(decision=proposal, actor=second_curator)
    waiting.refresh_from_db()
    shadow = waiting.state
    decision = propose_list_state(
        hash_list=waiting, state=ListState.ACTIVE, actor=curator, reason="quiet for a week"
    )
    approve_decision(decision=decision, actor=second_curator)
    waiting.refresh_from_db()

    assert (shadow, waiting.state) == (ListState.SHADOW, ListState.ACTIVE)


def test_proposer_does_not_approve(proposal, curator):
    with pytest.raises(FourEyesRequired):
        approve_decision(decision=proposal, actor=curator)


def test_proposal_is_decided_once(proposal, second_curator):
    refuse_decision(decision=proposal, actor=second_curator, remark="not yet")

    with pytest.raises(Conflict):
        approve_decision(decision=proposal, actor=second_curator)


def test_proposal_that_was_overtaken_has_no_effect(proposal, waiting, curator, second_curator):
    retire_list(hash_list=waiting, actor=curator, reason="a mistake")

    with pytest.raises(Conflict):
        approve_decision(decision=proposal, actor=second_curator)


def test_publishing_takes_two(curator):
    draft = make_list("draft", state="draft")

    with pytest.raises(FourEyesRequired):
        publish_list(hash_list=draft, proposed_by=curator, approved_by=curator, reason="r")


def test_one_person_stops(ncmec, curator):
    suspend_list(hash_list=ncmec, actor=curator, reason="wrong file")

    assert ncmec.state == ListState.SUSPENDED


def setting(table: str, column: str) -> str:
    return f"UPDATE matching_{table} SET {column} = %s WHERE id = %s"  # noqa: S608 ours


STATE = setting("hashlist", "state")
APPROVE = """UPDATE matching_decision SET state = 'approved', decided_by_id = %s, decided_at = now()
              WHERE id = %s"""
NEW_LIST = """INSERT INTO matching_hashlist (slug, source, kind, effect, state, state_before,
    state_reason, violation, jurisdiction, pdq_threshold, visibility, visible_to_plans,
    visible_to_tenants, csv_mapping, created_at)
    VALUES ('x', 'x', 'live', 'match', 'active', '', '', 'A1', '', 31, 'all', '{}', '{}', '{}',
    now())"""
DECISION = """INSERT INTO matching_decision (hash_list_id, signal, field, before, after, reason,
    state, proposed_by_id, remark, decided_by_id, decided_at)
    VALUES (%s, '', 'state', 'quarantine', 'active', 'r', %s, %s, '', %s, now())"""


@pytest.mark.parametrize("state", ["shadow", "active"])
def test_sql_does_not_start_a_list(waiting, state):
    assert refused(STATE, state, waiting.pk)


def test_sql_does_not_make_an_active_list(db):
    assert refused(NEW_LIST)


def test_sql_does_not_change_a_threshold(ncmec):
    assert refused(setting("hashlist", "pdq_threshold"), 5, ncmec.pk)


@pytest.mark.parametrize("column", ["slug", "kind", "effect"])
def test_sql_does_not_turn_a_list_into_another(ncmec, column):
    value = {"slug": "x", "kind": "test", "effect": "never"}[column]

    assert refused(setting("hashlist", column), value, ncmec.pk)


def test_sql_does_not_approve_ones_own_proposal(proposal, curator):
    assert refused(APPROVE, curator.pk, proposal.pk)


def test_sql_does_not_approve_in_the_name_of_somebody_who_left(proposal, second_curator):
    User.objects.filter(pk=second_curator.pk).update(is_active=False)

    assert refused(APPROVE, second_curator.pk, proposal.pk)


def test_sql_does_not_approve_in_the_name_of_an_outsider(proposal):
    outsider = User.objects.create(username="outsider", is_staff=True)

    assert refused(APPROVE, outsider.pk, proposal.pk)


def test_sql_does_not_begin_with_an_approved_decision(waiting, curator, second_curator):
    assert refused(DECISION, waiting.pk, "approved", curator.pk, second_curator.pk)


def test_sql_does_not_change_a_proposal_after_its_approval(proposal, second_curator, ncmec):
    assert not refused(APPROVE, second_curator.pk, proposal.pk)

    for column, value in {"after": "active", "hash_list_id": ncmec.pk, "proposed_by_id": 1}.items():
        assert refused(setting("decision", column), value, proposal.pk)


def test_sql_does_not_use_a_decision_twice(proposal, waiting, second_curator, curator):
    approve_decision(decision=proposal, actor=second_curator)
    suspend_list(hash_list=waiting, actor=curator, reason="stop")

    assert not refused(STATE, "quarantine", waiting.pk)
    assert refused(STATE, "shadow", waiting.pk)
    assert refused("UPDATE matching_decision SET applied_at = NULL WHERE id = %s", proposal.pk)


def test_sql_does_not_use_a_decision_for_something_else(proposal, waiting, second_curator):
    assert not refused(APPROVE, second_curator.pk, proposal.pk)

    assert refused(STATE, "active", waiting.pk)


@pytest.mark.parametrize("table", ["hashlist", "hashentry", "decision"])
def test_sql_deletes_nothing(known_entry, proposal, table):
    assert refused(f"DELETE FROM matching_{table}")  # noqa: S608 a table of ours


def test_sql_does_not_resume_an_entry(known_entry, curator):
    suspend_entry(entry=known_entry, actor=curator, reason="reported")
    entry = setting("hashentry", "state")

    assert refused(entry, "active", known_entry.pk)
    assert refused(entry, "pending", known_entry.pk)


def test_sql_does_not_bring_a_retired_entry_back(known_entry, curator):
    retire_entry(entry=known_entry, actor=curator, reason="wrong")

    for state in ("pending", "active", "suspended"):
        assert refused(setting("hashentry", "state"), state, known_entry.pk)


@pytest.mark.parametrize("column", ["md5", "sha256", "pdq", "identity", "created_by_id"])
def test_sql_does_not_edit_what_was_approved(known_entry, second_curator, column):
    values = {"identity": "other", "created_by_id": second_curator.pk}

    assert refused(setting("hashentry", column), values.get(column, b"\x01" * 32), known_entry.pk)


def test_entry_is_resumed_by_two(known_entry, curator, second_curator):
    suspend_entry(entry=known_entry, actor=curator, reason="reported")
    decision = propose_resuming(entry=known_entry, actor=second_curator, reason="it is right")
    approve_decision(decision=decision, actor=curator)

    assert HashEntry.objects.get().state == "active"


def test_sql_does_not_start_a_signal_type(curator):
    stop_signal(signal="pdq", actor=curator, reason="too many")

    assert refused("UPDATE matching_listsversion SET stopped = '{}'")


def test_signal_type_is_stopped_by_one_and_started_by_two(curator, second_curator):
    stop_signal(signal="pdq", actor=curator, reason="too many")
    stopped = ListsVersion.objects.get().stopped
    decision = propose_start(signal="pdq", actor=curator, reason="mended")
    approve_decision(decision=decision, actor=second_curator)

    assert (stopped, ListsVersion.objects.get().stopped) == (["pdq"], [])


def test_threshold_is_changed_by_two(ncmec, curator, second_curator):
    decision = propose_threshold(hash_list=ncmec, pdq_threshold=20, actor=curator, reason="wide")
    approve_decision(decision=decision, actor=second_curator)

    ncmec.refresh_from_db()
    assert ncmec.pdq_threshold == 20


def test_draft_is_submitted_by_one(curator):
    draft = make_list("draft", state="draft")
    quarantine_list(hash_list=draft, actor=curator)

    assert draft.state == ListState.QUARANTINE
