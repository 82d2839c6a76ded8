"""Imports in the admin: upload, compare, import, approve, cancel, refusals."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from matching.importers import queue
from matching.models import HashEntry, ImportRun
from tests.matching.admin.rows import page
from tests.matching.importers.records import record, signature_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places(tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_DIR = tmp_path / "imports"
    settings.IMPORT_MOUNT_DIR = tmp_path / "deliveries"


def post_file(desk: Any, hash_list: Any, *records: Any, **fields: Any) -> Any:
    file = io.BytesIO(signature_file(*records).getvalue())
    file.name = "june.jsonl"
    given = {"hash_list": hash_list.pk, "format": "signatures", "file": file, "mounted": ""}
    return desk.post(page("importrun", "add"), given | fields)


def act(desk: Any, run: ImportRun, name: str, **fields: Any) -> Any:
    return desk.post(reverse(f"admin:matching_importrun_{name}", args=[run.pk]), fields)


def work() -> ImportRun:
    run = queue.claim()
    assert run is not None
    queue.carry_out(run)
    return run


def shown(desk: Any, run: ImportRun) -> str:
    return desk.get(page("importrun", "change", run.pk)).content.decode()


def test_an_upload_is_compared_imported_and_approved_by_two_people(desk, second_desk, iwf):
    answer = post_file(desk, iwf, record(1, external_id="inv-1"), "nonsense")
    run = ImportRun.objects.get()
    assert answer.url == page("importrun", "change", run.pk)
    assert "Waits for a worker" in shown(desk, run)

    work()
    text = shown(desk, run)
    assert "Nothing has been changed yet" in text
    assert "inv-1" in text
    assert "not JSON: Expecting value" in text
    assert record(1)["pdq"] not in text

    act(desk, run, "proceed")
    work()
    assert "You ran it: somebody else has to approve it." in shown(desk, run)
    act(second_desk, run, "approve", reason="read")
    assert HashEntry.objects.get().state == "active"


def test_who_ran_an_import_can_not_approve_it(desk, iwf):
    post_file(desk, iwf, record(1))
    run = work()
    act(desk, run, "proceed")
    work()
    act(desk, run, "approve")
    assert HashEntry.objects.get().state == "pending"


def test_progress_is_polled_until_the_run_rests(desk, iwf):
    post_file(desk, iwf, record(1))
    run = queue.claim()
    ImportRun.objects.update(bytes_read=1, bytes_total=4)
    address = reverse("admin:matching_importrun_progress", args=[run.pk])
    moving = desk.get(address)
    assert "Comparing: 25 %" in moving.content.decode()
    assert "HX-Refresh" not in moving
    queue.carry_out(run)
    assert desk.get(address)["HX-Refresh"] == "true"


def test_refused_records_are_downloaded_with_line_and_reason(desk, iwf):
    post_file(desk, iwf, record(1), "nonsense")
    run = work()
    answer = desk.get(reverse("admin:matching_importrun_refusals", args=[run.pk]))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines == ["number,reason", "2,not JSON: Expecting value at column 1"]


def test_a_compared_import_can_be_cancelled(desk, iwf):
    post_file(desk, iwf, record(1))
    run = work()
    act(desk, run, "cancel")
    assert "Cancelled: nothing was changed." in shown(desk, run)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"file": ""}, "either your own or a mounted one"),
        ({"format": "vics"}, "what the country&#x27;s categories mean"),
        ({"format": "csv", "mapping": "{"}, "Enter a valid JSON"),
        ({"format": "csv", "mapping": '{"columns": {}}'}, "none of"),
        ({"mounted": "../secret"}, "not one of the available choices"),
    ],
)
def test_a_form_that_can_not_be_used_says_why_and_begins_nothing(desk, iwf, fields, complaint):
    answer = post_file(desk, iwf, record(1), **fields)
    assert complaint in answer.content.decode()
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("name", ["proceed", "cancel", "approve"])
def test_an_account_without_rights_moves_nothing(desk, outsider_desk, iwf, name):
    post_file(desk, iwf, record(1))
    run = work()
    assert act(outsider_desk, run, name).status_code == 403
    assert post_file(outsider_desk, iwf, record(1)).status_code == 403


def test_an_upload_without_the_forms_token_is_refused(desk, iwf):
    desk.handler.enforce_csrf_checks = True
    assert post_file(desk, iwf, record(1)).status_code == 403


def test_runs_are_paged_from_row_to_row(desk, iwf, curator):
    runs = [
        ImportRun(hash_list=iwf, format="csv", file_name=f"{n}.csv", created_by=curator)
        for n in range(60)
    ]
    ImportRun.objects.bulk_create(runs)
    first = desk.get(page("importrun"))
    older = desk.get(page("importrun") + first.context["cl"].older_link)

    shown = [run.pk for answer in (first, older) for run in answer.context["cl"].result_list]
    assert shown == sorted((run.pk for run in runs), reverse=True)
    assert older.context["cl"].older_link == ""


def test_older_runs_keep_the_filter(desk, iwf, ncmec, curator):
    for hash_list in (iwf, ncmec):
        ImportRun.objects.bulk_create(
            ImportRun(hash_list=hash_list, format="csv", file_name="b.csv", created_by=curator)
            for _ in range(51)
        )
    first = desk.get(page("importrun"), {"hash_list__id__exact": iwf.pk})
    older = desk.get(page("importrun") + first.context["cl"].older_link)
    assert {run.hash_list for run in older.context["cl"].result_list} == {iwf}
