"""Imports into the database: what is added, changed, refused, approved and taken up again."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from django.contrib.auth.models import User

from matching.curation import FourEyesRequired, merge_entries, retire_entries
from matching.importers import (
    FileUnreadable,
    ImportReport,
    MappingInvalid,
    Refusal,
    import_file,
    reading,
    run,
)
from matching.importers import report as report_module
from matching.models import EntryState, HashEntry, HashList, ImportRefusal, ImportRun
from tenants.models import AuditEvent
from tests.matching.importers.records import record, signature_file
from tests.matching.lists import make_list


@pytest.fixture
def ncmec(db: None) -> HashList:
    return make_list()


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test crosses the border between two lots."""
    monkeypatch.setattr(reading, "LOT", 3)


@pytest.fixture
def bring(ncmec: HashList, curator: User) -> Any:
    """Import records into the list, as the first curator."""

    def import_records(*records: Any, **options: Any) -> ImportReport:
        usual = {"format": "signatures", "actor": curator, "file_name": "june.jsonl"}
        usual["file"] = signature_file(*records)
        return import_file(hash_list=ncmec, **{**usual, **options})

    return import_records


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.refused


def five(**changes: Any) -> list[dict[str, Any]]:
    return [record(number, **changes) for number in range(5)]


def states() -> list[str]:
    return sorted(HashEntry.objects.values_list("state", flat=True))


def test_new_entries_wait_as_pending(bring):
    assert counts(bring(*five())) == (5, 0, 0, 0)
    assert states() == ["pending"] * 5


def test_an_entry_holds_what_the_file_says_and_nothing_of_its_name(bring, ncmec, curator):
    bring(record(1, violation="B2"))
    entry = HashEntry.objects.get()
    assert {signal.type: signal.hex for signal in entry.signals} == {
        name: record(1)[name] for name in ("md5", "sha1", "sha256", "pdq")
    }
    assert (entry.hash_list, entry.created_by, entry.violation) == (ncmec, curator, "B2")
    assert (entry.external_id, entry.pdq_quality) == ("", 100)
    assert entry.created_at is not None


def test_without_a_violation_of_its_own_an_entry_takes_the_lists(bring):
    bring(record(1))
    assert HashEntry.objects.get().violation == "A1"


def test_with_an_approver_entries_are_in_force_at_the_end(bring, second_curator):
    report = bring(*five(), approver=second_curator)
    assert report.approved == 5
    assert states() == ["active"] * 5
    assert set(HashEntry.objects.values_list("approved_by", flat=True)) == {second_curator.pk}


def test_nobody_approves_an_import_of_their_own(bring, curator):
    with pytest.raises(FourEyesRequired):
        bring(*five(), approver=curator)
    assert not HashEntry.objects.exists()
    assert not ImportRun.objects.exists()


def test_repeating_an_import_adds_nothing(bring, second_curator):
    bring(*five(), approver=second_curator)
    again = bring(*five(), approver=second_curator)
    assert counts(again) == (0, 0, 5, 0)
    assert again.approved == 0
    assert HashEntry.objects.count() == 5


def test_pending_entries_of_an_earlier_run_are_approved_with_a_repeat(bring, second_curator):
    bring(*five())
    assert bring(*five(), approver=second_curator).approved == 5


def test_a_repeat_does_not_let_people_approve_what_they_added(bring, curator, second_curator):
    bring(*five()[:2])
    report = bring(*five(), actor=second_curator, approver=curator)
    assert report.approved == 3
    assert states() == ["active"] * 3 + ["pending"] * 2


def test_a_killed_import_has_changed_nothing_and_is_completed_by_repeating_it(
    bring, second_curator, monkeypatch
):
    def killed_before_the_end(**merging: Any) -> Any:
        merge_entries(**merging)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "merge_entries", killed_before_the_end)
        with pytest.raises(KeyboardInterrupt):
            bring(*five(), approver=second_curator)
    assert not HashEntry.objects.exists()

    report = bring(*five(), approver=second_curator)
    assert (counts(report), report.approved) == ((5, 0, 0, 0), 5)
    assert [run.state for run in ImportRun.objects.order_by("pk")] == ["failed", "finished"]


def test_a_pending_entry_takes_over_changed_signals(bring):
    bring(record(1, external_id="inv-1"))
    report = bring(record(2, external_id="inv-1", violation="B1"))
    assert counts(report) == (0, 1, 0, 0)
    entry = HashEntry.objects.get()
    assert (bytes(entry.md5).hex(), entry.violation) == (record(2)["md5"], "B1")


def test_a_signal_that_is_gone_from_the_file_is_gone_from_the_pending_entry(bring):
    bring(record(1, external_id="inv-1"))
    bring(record(1, external_id="inv-1", pdq=None))
    entry = HashEntry.objects.get()
    assert (entry.pdq, entry.pdq_quality) == (None, None)


def test_who_changes_a_pending_entry_can_not_approve_it(bring, curator, second_curator):
    bring(record(1, external_id="inv-1"))
    bring(record(2, external_id="inv-1"), actor=second_curator)
    assert HashEntry.objects.get().created_by == second_curator


def test_an_entry_in_force_is_never_changed_by_an_import(bring, second_curator):
    bring(record(1, external_id="inv-1"), approver=second_curator)
    report = bring(record(2, external_id="inv-1"))
    assert report.refusals == [Refusal(1, "is active already, with other signals or violation")]
    assert bytes(HashEntry.objects.get().md5).hex() == record(1)["md5"]


def test_a_retired_entry_does_not_come_back(bring, second_curator):
    bring(record(1), approver=second_curator)
    retire_entries(entries=HashEntry.objects.all(), actor=second_curator, reason="false")
    report = bring(record(1), approver=second_curator)
    assert report.refusals == [Refusal(1, "was retired, and retirement is final")]
    assert HashEntry.objects.get().state == EntryState.RETIRED


@pytest.mark.parametrize("between", [0, 3], ids=["same lot", "another lot"])
def test_a_record_that_stands_in_the_file_twice_counts_once(bring, between):
    others = [record(number) for number in range(10, 10 + between)]
    assert counts(bring(record(1), *others, record(1))) == (1 + between, 0, 1, 0)


@pytest.mark.parametrize("between", [0, 3], ids=["same lot", "another lot"])
def test_a_record_that_contradicts_an_earlier_one_is_refused(bring, between):
    others = [record(number) for number in range(10, 10 + between)]
    lines = [record(1, external_id="x"), *others, record(2, external_id="x")]
    reason = "contradicts an earlier record of the same file"
    assert bring(*lines).refusals == [Refusal(between + 2, reason)]
    assert counts(bring(*lines)) == (0, 0, 1 + between, 1)


def test_refusals_come_in_order_with_their_line_numbers(bring, second_curator):
    bring(record(2, external_id="x"), approver=second_curator)
    report = bring(record(1), record(3, external_id="x"), "nonsense", record(4))
    assert [refusal.number for refusal in report.refusals] == [2, 3]
    assert counts(report) == (2, 0, 0, 2)


def test_of_very_many_refusals_the_first_ones_are_kept(bring, monkeypatch):
    monkeypatch.setattr(report_module, "REFUSALS_KEPT", 7)
    report = bring(*["nonsense"] * 9)
    assert report.refused == 9
    assert [refusal.number for refusal in report.refusals] == list(range(1, 8))
    kept = ImportRefusal.objects.values_list("number", "reason")
    assert list(kept)[-1] == (7, "not JSON: Expecting value at column 1")


@pytest.mark.parametrize(
    "pdq",
    [
        "0" * 64,
        "f" * 64,
        "0" * 32 + record(1)["pdq"][32:],
        record(1)["pdq"][:32] + "f" * 32,
        "1" + "0" * 31 + "8" * 32,
    ],
)
def test_a_degenerate_pdq_is_refused(bring, pdq):
    report = bring(record(1), record(2, pdq=pdq))
    assert counts(report) == (1, 0, 0, 1)
    assert report.refusals[0].reason.startswith("pdq is ")


def test_a_degenerate_pdq_without_borders_is_refused(bring):
    report = bring(record(1, pdq_trimmed="0" * 64, pdq_trimmed_quality=100))
    assert report.refusals == [Refusal(1, "pdq is all zero")]


@pytest.mark.parametrize(
    "md5",
    ["0" * 32, "d41d8cd98f00b204e9800998ecf8427e"],
    ids=["all zero", "of the empty file"],
)
def test_a_digest_that_no_picture_has_is_refused(bring, md5):
    [refusal] = bring(record(1, md5=md5)).refusals
    assert refusal.reason.startswith("md5 is ")


def test_pdq_hashes_left_out_are_counted(bring):
    report = bring(*five(pdq_quality=10))
    assert dict(report.notes) == {"PDQ of a quality below 50 left out": 5}
    assert not HashEntry.objects.exclude(pdq=None).exists()


def test_a_dry_run_tells_what_would_happen_and_leaves_no_trace(bring, second_curator):
    bring(record(1))
    before = AuditEvent.objects.count()
    report = bring(*five(), "nonsense", approver=second_curator, dry_run=True)
    assert counts(report) == (4, 0, 1, 1)
    assert (HashEntry.objects.count(), ImportRun.objects.count()) == (1, 1)
    assert AuditEvent.objects.count() == before


def test_two_photodna_values_that_begin_alike_are_two_entries(bring):
    begin = "01" * 100
    alike = [{"photodna": begin + end * 44} for end in ("02", "03")]
    assert counts(bring(*alike)) == (2, 0, 0, 0)


def test_the_log_holds_begin_and_end_with_counts_and_digest(bring, second_curator):
    file = signature_file(*five())
    bring(file=file, approver=second_curator)
    begin, end = AuditEvent.objects.filter(action="list.imported").order_by("pk")
    assert (begin.actor_id, begin.target) == ("curator", "list:ncmec")
    assert begin.data["state"] == "running"
    assert end.data == {
        "list": "ncmec",
        "run": ImportRun.objects.get().pk,
        "state": "finished",
        "format": "signatures",
        "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
        "added": 5,
        "changed": 0,
        "retired": 0,
        "unchanged": 0,
        "refused": 0,
        "dry_run": False,
        "approved": 5,
        "approved_by": "second curator",
    }


def test_the_run_keeps_its_counts(bring):
    bring(*five(), "nonsense")
    run = ImportRun.objects.get()
    assert (run.added, run.refused, run.state) == (5, 1, "finished")
    assert run.finished_at is not None


def test_progress_ends_at_the_size_of_the_file(bring):
    done: list[int] = []
    file = signature_file(*five())
    bring(file=file, progress=done.append)
    assert done[-1] == len(file.getvalue())


CSV = f"Ref,Hash\ninv-1,{record(1)['md5']}\n".encode()
MAPPING = {"columns": {"md5": "Hash", "external_id": "Ref"}}


def test_a_mapping_is_kept_with_the_list_and_used_again(bring, ncmec):
    bring(file=io.BytesIO(CSV), format="csv", mapping=MAPPING)
    ncmec.refresh_from_db()
    assert ncmec.csv_mapping == MAPPING
    assert counts(bring(file=io.BytesIO(CSV), format="csv")) == (0, 0, 1, 0)


def test_a_dry_run_keeps_no_mapping(bring, ncmec):
    bring(file=io.BytesIO(CSV), format="csv", mapping=MAPPING, dry_run=True)
    ncmec.refresh_from_db()
    assert ncmec.csv_mapping == {}


def test_a_bad_mapping_begins_no_run(bring):
    with pytest.raises(MappingInvalid):
        bring(file=io.BytesIO(CSV), format="csv", mapping={"columns": {}})
    assert not ImportRun.objects.exists()


def test_an_unreadable_file_ends_its_run_as_failed(bring):
    with pytest.raises(FileUnreadable, match="no column 'Hash'"):
        bring(file=io.BytesIO(b"other,header\n"), format="csv", mapping=MAPPING)
    assert ImportRun.objects.get().state == ImportRun.State.FAILED
    last = AuditEvent.objects.filter(action="list.imported").latest("pk")
    assert (last.outcome, last.data["state"]) == ("error", "failed")
