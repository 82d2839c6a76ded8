"""The history of a row: every event that tells of it, also those that tell of many."""

from __future__ import annotations

import pytest

from matching.curation import approve_entries, retire_entries
from matching.importers import exchanges, import_file
from matching.models import HashEntry, ImportRun
from tests.matching.admin.rows import add, page
from tests.matching.importers.records import record, signature_file

pytestmark = pytest.mark.django_db


def history(desk, row, model: str) -> list[str]:
    """The actions that the history of a row tells, oldest first, without the looks at it."""
    shown = desk.get(page(model, "history", row.pk), follow=True).context["cl"].result_list
    return [event.action for event in reversed(shown) if not event.action.endswith(".read")]


def test_an_entry_tells_the_acts_that_took_it_with_others(desk, ncmec, curator, second_curator):
    entries = add(ncmec, 3, by=curator)
    some = HashEntry.objects.filter(pk__in=[entry.pk for entry in entries[:2]])
    approve_entries(entries=some, actor=second_curator)
    other = add(ncmec, 2, by=curator, seed=1)
    approve_entries(
        entries=HashEntry.objects.filter(pk__in=[one.pk for one in other]), actor=second_curator
    )
    retire_entries(entries=some, actor=curator, reason="wrong")

    assert history(desk, entries[0], "hashentry") == ["entry.approved", "entry.retired"]
    assert history(desk, entries[2], "hashentry") == []


def test_an_entry_and_its_import_tell_the_import(desk, ncmec, curator, second_curator):
    import_file(
        file=signature_file(record(1), record(2)),
        file_name="june.jsonl",
        hash_list=ncmec,
        format="signatures",
        actor=curator,
        approver=second_curator,
    )
    import_file(
        file=signature_file(record(3)),
        file_name="july.jsonl",
        hash_list=ncmec,
        format="signatures",
        actor=curator,
    )
    run = ImportRun.objects.earliest("pk")
    entry = HashEntry.objects.filter(import_run=run).earliest("pk")

    assert history(desk, run, "importrun") == ["list.imported", "list.imported"]
    assert history(desk, entry, "hashentry") == [
        "list.imported",
        "entry.approved",
        "list.imported",
    ]


def test_an_exchange_tells_its_changes(desk, ncmec, curator):
    exchange = exchanges.connect(hash_list=ncmec, kind="ncmec", minutes=60, actor=curator)
    exchanges.disconnect(exchange=exchange, actor=curator)

    assert history(desk, exchange, "exchange") == ["exchange.changed", "exchange.changed"]
