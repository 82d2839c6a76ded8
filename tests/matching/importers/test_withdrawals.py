"""What sources take back, and what other organisations say: tombstones and votes in the list."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import User

from matching.importers import FileUnreadable, ImportReport, import_file
from matching.models import HashEntry, HashList, ImportRun
from tenants.models import AuditEvent
from tests.matching.importers.pages import (
    image,
    ncmec_page,
    stopncii_page,
    stopncii_record,
    tombstone,
)
from tests.matching.lists import make_list

VOTE = '<affirmativeFeedback type="Md5"><members><member id="9"/></members></affirmativeFeedback>'


@pytest.fixture
def ncmec(db: None) -> HashList:
    return make_list()


@pytest.fixture
def bring(ncmec: HashList, curator: User) -> Any:
    def import_page(page: bytes, **options: Any) -> ImportReport:
        usual = {"format": "ncmec", "actor": curator, "file_name": "page.xml"}
        return import_file(file=io.BytesIO(page), hash_list=ncmec, **(usual | options))

    return import_page


def outcome(report: ImportReport) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


def states() -> dict[str, str]:
    return dict(HashEntry.objects.values_list("external_id", "state"))


def test_a_tombstone_retires_an_entry_in_force_with_reason_and_audit(bring, second_curator):
    bring(ncmec_page(image(1), image(2)), approver=second_curator)
    assert outcome(bring(ncmec_page(tombstone("inv-1")))) == {"retired": 1}
    assert states() == {"7/inv-1": "retired", "7/inv-2": "active"}
    entry = HashEntry.objects.get(external_id="7/inv-1")
    assert (entry.retired_by.username, entry.reason) == ("curator", "withdrawn by its source")
    assert AuditEvent.objects.filter(action="entry.retired").count() == 1


def test_a_repeated_tombstone_and_one_for_an_unknown_entry_change_nothing(bring):
    bring(ncmec_page(image(1)))
    bring(ncmec_page(tombstone("inv-1")))
    assert outcome(bring(ncmec_page(tombstone("inv-1"), tombstone("inv-9")))) == {"unchanged": 2}


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("order", [1, -1], ids=["after", "before"])
def test_what_a_file_brings_and_takes_back_ends_as_retired(bring, dry_run, order):
    page = ncmec_page(*[image(1), tombstone("inv-1")][::order], image(2))
    assert outcome(bring(page, dry_run=dry_run)) == {"added": 2, "retired": 1}
    assert states() == ({} if dry_run else {"7/inv-1": "retired", "7/inv-2": "pending"})


def test_a_withdrawn_case_retires_the_hash(bring, second_curator):
    page = stopncii_page(stopncii_record(1), stopncii_record(2))
    bring(page, format="stopncii", approver=second_curator)
    again = stopncii_page(stopncii_record(1, status="Withdrawn"))
    assert outcome(bring(again, format="stopncii")) == {"retired": 1}


def test_votes_are_kept_and_renewed_on_entries_in_force(bring, second_curator):
    bring(ncmec_page(image(1)), approver=second_curator)
    assert HashEntry.objects.get().votes == {}
    assert outcome(bring(ncmec_page(image(1, feedback=VOTE)))) == {"unchanged": 1}
    assert HashEntry.objects.get().votes == {"affirmative": {"md5": 1}}


def test_a_file_that_breaks_off_has_changed_nothing(bring, second_curator):
    bring(ncmec_page(image(1)), approver=second_curator)
    broken = ncmec_page(tombstone("inv-1"), *(image(number) for number in range(2, 40)))[:-30]
    with pytest.raises(FileUnreadable, match="unclosed token"):
        bring(broken, approver=second_curator)
    assert states() == {"7/inv-1": "active"}
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.added, run.retired) == ("failed", 0, 0)
    assert "unclosed token" in run.error


def test_a_dry_run_shows_what_would_be_added_changed_retired_and_refused(bring, second_curator):
    bring(ncmec_page(image(1), image(2)), approver=second_curator)
    bring(ncmec_page(image(3)))
    changed = image(3, classification="A1")
    page = ncmec_page(tombstone("inv-1"), image(2, classification="A1"), changed, image(4))
    report = bring(page, dry_run=True)
    assert outcome(report) == {"added": 1, "changed": 1, "retired": 1, "refused": 1}
    seen = {
        (row["fate"], row["external_id"], tuple(row["signals"])) for row in report.preview_as_json
    }
    assert seen == {
        ("added", "7/inv-4", ("sha1", "md5", "pdq")),
        ("changed", "7/inv-3", ("violation",)),
        ("retired", "7/inv-1", ()),
        ("refused", "", ()),
    }
