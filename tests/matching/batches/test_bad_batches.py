"""Batches that are damaged, too large, or made to do harm: refused whole, and nothing is left."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from matching.models import Batch
from tests.matching.batches.conftest import lines, results, submit, submit_form, zipped

pytestmark = pytest.mark.django_db
ITEM = {"content_id": "a", "md5": "00" * 16}


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "application/x-ndjson", "batch_empty"),
        (b"\n\n", "application/x-ndjson", "batch_empty"),
        (b"nonsense", "application/x-ndjson", "request_invalid"),
        (b"[1]\n", "application/x-ndjson", "request_invalid"),
        (b"PK no zip", "application/zip", "request_invalid"),
        (b"PK", "application/zip", "request_invalid"),
        (b"no form", "multipart/form-data", "request_invalid"),
        (b"--x\r\n", "multipart/form-data; boundary=x", "batch_empty"),
    ],
)
def test_unreadable_body_is_refused(acme_api, settings, body, content_type, code):
    answer = submit(acme_api, body, content_type)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Batch.objects.exists()
    assert not any(Path(settings.SPOOL_DIR).glob("*"))


def test_error_names_the_line(acme_api):
    assert "line 2" in submit(acme_api, lines(ITEM) + b"{\n").json()["detail"]


def test_bad_line_after_spooled_images_leaves_nothing(acme_api, settings, known_picture):
    answer = submit(
        acme_api, zipped(**{f"{n}.jpg": known_picture for n in range(20)})[:-30], "application/zip"
    )

    assert answer.status_code == 400
    assert not any(Path(settings.SPOOL_DIR).glob("*"))


def test_too_many_items_are_refused(acme_api, settings):
    settings.MAX_BATCH_ITEMS = 3

    assert submit(acme_api, lines(*[ITEM] * 4)).json()["code"] == "batch_too_large"


def test_too_many_bytes_are_refused_by_their_announcement(acme_api, settings):
    settings.MAX_BATCH_BYTES = 10

    assert submit(acme_api, lines(ITEM)).json()["code"] == "batch_too_large"


def test_too_many_files_of_a_form_are_refused(acme_api, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2

    answer = submit_form(acme_api, *[("a", b"x")] * 3)
    assert (answer.status_code, answer.json()["code"]) == (413, "batch_too_large")


def test_member_that_unpacks_to_very_much_is_an_error_of_its_own(acme_api, known_picture, work):
    bomb = zipped(bomb=bytes(30_000_000), good=known_picture)
    batch_id = submit(acme_api, bomb, "application/zip").json()["batch_id"]
    work(batch_id)
    first, second = results(acme_api, batch_id)

    assert first["error"]["code"] == "image_too_large"
    assert second["verdict"] == "no_known_match"


def test_zip_that_unpacks_to_more_than_a_batch_is_refused(acme_api, settings):
    settings.MAX_BATCH_BYTES = 1_000_000
    bomb = zipped(**{str(number): bytes(400_000) for number in range(3)})

    answer = submit(acme_api, bomb, "application/zip")
    assert (answer.status_code, answer.json()["code"]) == (413, "batch_too_large")


def test_member_that_lies_about_its_size_is_not_read_further(acme_api, work):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("liar", bytes(5_000_000))
    lying = archive.getvalue().replace(
        (5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    )
    batch_id = submit(acme_api, lying, "application/zip").json()["batch_id"]
    work(batch_id)

    assert "error" in results(acme_api, batch_id)[0]


def test_empty_file_is_an_error_of_its_own(acme_api, work):
    batch_id = submit_form(acme_api, ("empty", b"")).json()["batch_id"]
    work(batch_id)

    assert results(acme_api, batch_id)[0]["error"]["code"] == "request_invalid"
