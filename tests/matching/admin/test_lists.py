"""Lists: made, changed, stopped and started by verbs."""

from __future__ import annotations

import pytest

from matching.curation import change_list, retire_entry
from matching.models import Decision, HashList, ListState
from tenants.audit.record import Actor
from tenants.models import AuditEvent
from tests.matching.admin.rows import add, begin, confirm, events, page

pytestmark = pytest.mark.django_db


def test_list_is_created_and_audited(desk, curator):
    fields = {
        "slug": "own",
        "kind": "live",
        "effect": "match",
        "source": "Our own",
        "violation": "B2",
    }

    response = desk.post(page("hashlist", "add"), fields)

    created = HashList.objects.get(slug="own")
    assert response.status_code == 302
    assert created.created_by == curator
    assert [(event.target, event.actor_id) for event in events("list.created")] == [
        ("list:own", "curator")
    ]


def test_name_that_is_taken_is_refused(desk, ncmec):
    fields = {"slug": "ncmec", "kind": "live", "source": "again", "violation": "B2"}

    response = desk.post(page("hashlist", "add"), fields)

    assert "already exists" in response.content.decode()


def change(client, hash_list, **fields):
    usual = {
        "source": hash_list.source,
        "violation": hash_list.violation,
        "pdq_threshold": hash_list.pdq_threshold,
        "visibility": hash_list.visibility,
    }
    return client.post(page("hashlist", "change", hash_list.pk), usual | fields)


def changes() -> list[AuditEvent]:
    """The audited changes of settings, not of state."""
    return [event for event in events("list.changed") if "state" not in event.data["after"]]


def test_change_is_audited_with_before_and_after(desk, ncmec):
    change(desk, ncmec, source="NCMEC, US")

    [event] = changes()
    assert event.data["before"] == {"source": "NCMEC"}
    assert event.data["after"] == {"source": "NCMEC, US"}


def test_new_threshold_waits_for_a_second_curator(desk, second_desk, ncmec):
    change(desk, ncmec, pdq_threshold=20)
    before = HashList.objects.get().pdq_threshold
    proposal = Decision.objects.get(state="open")
    confirm(second_desk, "approve", proposal, expected=1, model="decision")

    assert (before, HashList.objects.get().pdq_threshold) == (31, 20)
    assert [event.data["after"] for event in changes()] == [{"pdq_threshold": 20}]


def test_page_leads_to_an_import_and_tells_the_mapping(desk, ncmec, curator):
    change_list(hash_list=ncmec, actor=Actor.user(curator), csv_mapping={"delimiter": ";"})
    text = desk.get(page("hashlist", "change", ncmec.pk)).content.decode()
    form = desk.get(page("importrun", "add"), {"list": ncmec.pk}).content.decode()

    assert f"{page('importrun', 'add')}?list={ncmec.pk}" in text
    assert "&quot;delimiter&quot;: &quot;;&quot;" in text
    assert f'<option value="{ncmec.pk}" selected>' in form


def test_saving_without_a_change_writes_nothing(desk, ncmec):
    change(desk, ncmec)

    assert changes() == []


def test_threshold_above_the_radius_is_refused(desk, ncmec):
    response = change(desk, ncmec, pdq_threshold=32)

    assert response.status_code == 200
    assert HashList.objects.get().pdq_threshold == 31


def test_name_and_kind_stay(desk, ncmec):
    change(desk, ncmec, slug="other", kind="test")

    kept = HashList.objects.get()
    assert (kept.slug, kept.kind) == ("ncmec", "live")


def test_list_is_stopped_by_one_and_started_by_two(desk, second_desk, ncmec):
    confirm(desk, "suspend", ncmec, expected=1, reason="wrong file", model="hashlist")
    stopped = HashList.objects.get().state
    confirm(desk, "activate", ncmec, expected=1, reason="right file", model="hashlist")
    decision = Decision.objects.get(state="open")
    own = begin(desk, "approve", decision, model="decision").context["plan"].own
    confirm(second_desk, "approve", decision, expected=1, model="decision")

    assert (stopped, own) == (ListState.SUSPENDED, 1)
    assert HashList.objects.get().state == ListState.ACTIVE


def test_entries_are_counted_by_state(desk, ncmec, iwf, curator):
    entries = add(ncmec, 4, by=curator)
    add(iwf, 1, by=curator)
    retire_entry(entry=entries[0], actor=curator, reason="wrong")

    shown = {row.slug: row for row in desk.get(page("hashlist")).context["cl"].result_list}

    assert (shown["ncmec"].pending_entries, shown["ncmec"].retired_entries) == (3, 1)
    assert (shown["iwf"].pending_entries, shown["iwf"].active_entries) == (1, 0)


def test_lists_page_costs_the_same_for_any_number_of_lists(
    desk, ncmec, iwf, django_assert_max_num_queries
):
    budget = ["session", "user", "permissions", "group's", "count", "lists", "audit event"]
    desk.get(page("hashlist"))  # the first page of a session also notes when it began

    with django_assert_max_num_queries(len(budget)):
        desk.get(page("hashlist"))
