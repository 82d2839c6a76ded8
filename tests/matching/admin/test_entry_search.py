"""Finding entries, at the same price however many there are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.admin.entries import HashEntryAdmin
from matching.admin.search import entries_named
from matching.curation import retire_entry
from matching.models import HashEntry, ImportRun
from tests.matching.admin.rows import add, events, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(ncmec, curator):
    return add(ncmec, 40, by=curator)


@pytest.mark.parametrize("digits", [4, 5, 8, 31, 32, 33, 40, 41, 64])
@pytest.mark.parametrize("field", ["md5", "sha1", "sha256"])
def test_digest_prefix_finds_what_begins_with_it(entries, field, digits):
    term = bytes(getattr(entries[7], field)).hex()[:digits]

    found = set(HashEntry.objects.filter(entries_named(term)))

    assert found == {
        entry
        for entry in entries
        if any(
            bytes(getattr(entry, name)).hex().startswith(term) for name in ("md5", "sha1", "sha256")
        )
    }
    assert entries[7] in found


@pytest.mark.parametrize("term", ["ffff", "fffff", "FFFF"])
def test_the_highest_prefix_has_no_upper_bound(entries, term):
    HashEntry.objects.filter(pk=entries[0].pk).update(md5=b"\xff" * 16)

    assert entries[0] in HashEntry.objects.filter(entries_named(term))


def test_three_digits_are_no_digest(entries):
    assert not HashEntry.objects.filter(entries_named(bytes(entries[0].md5).hex()[:3]))


def test_perceptual_hashes_can_not_be_searched(entries):
    assert not HashEntry.objects.filter(entries_named(bytes(entries[0].pdq).hex()))


def test_external_id_is_found_whole(desk, ncmec, curator):
    [wanted] = add(ncmec, 1, by=curator, seed=1, external_id="case 17")
    add(ncmec, 1, by=curator, seed=2, external_id="case 170")

    assert list(desk.get(page("hashentry"), {"q": "case 17"}).context["cl"].result_list) == [wanted]


def test_entry_is_found_as_the_audit_log_names_it(desk, entries):
    found = desk.get(page("hashentry"), {"q": f"entry:{entries[3].pk}"}).context["cl"].result_list

    assert list(found) == [entries[3]]


def test_list_page_costs_the_same_for_any_number_of_rows(
    desk, ncmec, curator, django_assert_max_num_queries
):
    add(ncmec, 3, by=curator, seed=1)
    budget = [
        "session",
        "user",
        "user's permissions",
        "group's permissions",
        "lists for the filter",
        "newest imports for the filter",
        "keys of the page",
        "the page of entries",
        "audit event",
    ]
    desk.get(page("hashentry"))  # the first page of a session also notes when it began
    with django_assert_max_num_queries(len(budget)):
        desk.get(page("hashentry"))
    add(ncmec, 45, by=curator, seed=2)
    with django_assert_max_num_queries(len(budget)):
        desk.get(page("hashentry"))


def test_pages_go_from_row_to_row_and_back(desk, ncmec, curator, monkeypatch):
    monkeypatch.setattr(HashEntryAdmin, "list_per_page", 3)
    newest_first = add(ncmec, 7, by=curator)[::-1]

    first = desk.get(page("hashentry")).context["cl"]
    second = desk.get(page("hashentry") + first.older_link).context["cl"]
    third = desk.get(page("hashentry") + second.older_link).context["cl"]
    back = desk.get(page("hashentry") + third.newer_link).context["cl"]

    shown = [list(one.result_list) for one in (first, second, third, back)]
    assert shown == [newest_first[:3], newest_first[3:6], newest_first[6:], newest_first[3:6]]
    assert (first.newer_link, third.older_link) == ("", "")


@pytest.mark.parametrize("narrowed", ["hash_list", "import_run"])
def test_pages_of_a_list_or_import_mix_its_states_by_age(
    desk, ncmec, iwf, curator, monkeypatch, narrowed
):
    monkeypatch.setattr(HashEntryAdmin, "list_per_page", 2)
    add(iwf, 2, by=curator)
    run = ImportRun.objects.create(
        hash_list=ncmec, format="csv", file_name="a.csv", created_by=curator
    )
    entries = add(ncmec, 4, by=curator)
    HashEntry.objects.filter(hash_list=ncmec).update(import_run=run)
    retire_entry(entry=entries[2], actor=curator, reason="wrong")
    asked = {f"{narrowed}__id__exact": {"hash_list": ncmec, "import_run": run}[narrowed].pk}

    first = desk.get(page("hashentry"), asked).context["cl"]
    second = desk.get(page("hashentry") + first.older_link).context["cl"]

    assert [*first.result_list, *second.result_list] == entries[::-1]
    assert second.older_link == ""


def test_entries_are_not_counted_to_show_a_page(desk, ncmec, curator):
    add(ncmec, 3, by=curator)

    with CaptureQueriesContext(connection) as asked:
        desk.get(page("hashentry"), {"q": "abcd", "state__exact": "pending"})

    assert not [query["sql"] for query in asked if "COUNT(" in query["sql"].upper()]


def test_another_filter_begins_at_the_newest_row(desk, ncmec, curator):
    [entry] = add(ncmec, 1, by=curator)

    shown = desk.get(page("hashentry"), {"before": entry.pk + 1, "state__exact": "pending"})

    links = [
        choice["query_string"]
        for f in shown.context["cl"].filter_specs
        for choice in f.choices(shown.context["cl"])
    ]
    assert links
    assert not [link for link in links if "before" in link]


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 30])
def test_page_after_no_row_leads_back_to_the_first(desk, ncmec, nonsense):
    assert desk.get(page("hashentry"), {"before": nonsense}).status_code == 302


def test_search_is_audited_without_the_whole_digest(desk, entries):
    digest = bytes(entries[0].sha256).hex()

    desk.get(page("hashentry"), {"q": digest, "state__exact": "pending"})

    [event] = events("admin.read")
    assert (event.target, event.actor_id) == ("hashentry", "curator")
    assert event.data == {"q": f"{digest[:8]}…", "state__exact": "pending"}


def test_filter_tells_mine_from_others(desk, ncmec, curator, second_curator):
    mine = add(ncmec, 2, by=curator, seed=1)
    others = add(ncmec, 3, by=second_curator, seed=2)

    def shown(added):
        return set(desk.get(page("hashentry"), {"added": added}).context["cl"].result_list)

    assert (shown("me"), shown("others")) == (set(mine), set(others))
