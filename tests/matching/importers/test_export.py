"""Exports: marked, recorded, and read back as they were."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from matching.curation import retire_entries
from matching.importers import FORMATS, export_list, import_file
from matching.models import HashEntry, HashList
from tenants.models import AuditEvent
from tests.matching.importers.records import record, signature_file
from tests.matching.lists import make_list

COLUMNS = {
    "md5": "Hash",
    "sha256": {"column": "SHA-256", "encoding": "base64"},
    "pdq": 6,
    "photodna": {"column": 2, "encoding": "base64"},
    "external_id": "Ref",
    "category": "Cat",
}
MAPPINGS = {
    "standard": {},
    "partner": {"columns": COLUMNS, "delimiter": ";", "violations": {"1": "A1", "4": "B2"}},
    "utf-16": {"columns": {"sha256": 1, "external_id": 2}, "header": False, "encoding": "utf-16"},
}
RECORDS = [
    record(1, external_id='inv "1"; Ä, #'),
    record(2, external_id="inv-2", violation="B2"),
    {"photodna": "0102" * 72, "external_id": "inv-3"},
]


@pytest.fixture
def ncmec(curator: User, second_curator: User) -> HashList:
    """A list with three entries in force and one that waits."""
    hash_list = make_list()
    bring(hash_list, signature_file(*RECORDS), curator, second_curator)
    bring(hash_list, signature_file(record(9)), curator, None)
    return hash_list


def bring(
    hash_list: HashList, file: io.BytesIO, actor: User, approver: User | None, **options: Any
):
    options = {"format": "signatures", "file_name": "x"} | options
    return import_file(file=file, hash_list=hash_list, actor=actor, approver=approver, **options)


def exported(hash_list: HashList, actor: User, format: str = "signatures") -> bytes:  # noqa: A002
    return b"".join(export_list(hash_list=hash_list, format=format, actor=actor))


def contents(hash_list: HashList, *fields: str) -> list[tuple[Any, ...]]:
    entries = HashEntry.objects.filter(hash_list=hash_list, state="active").order_by("external_id")
    return [
        tuple(bytes(value) if isinstance(value, memoryview) else value for value in values)
        for values in entries.values_list("external_id", *fields)
    ]


def test_signatures_come_back_as_they_were(ncmec, curator, second_curator):
    other = make_list("other")
    file = io.BytesIO(exported(ncmec, curator))
    report = bring(other, file, curator, second_curator)
    assert (report.added, report.refused) == (3, 0)
    fields = ("violation", "md5", "sha1", "sha256", "pdq", "pdq_quality", "photodna")
    assert contents(other, *fields) == contents(ncmec, *fields)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("standard", ["violation", "md5", "sha1", "sha256", "pdq", "pdq_quality", "photodna"]),
        ("partner", ["violation", "md5", "sha256", "pdq", "photodna"]),
    ],
)
def test_csv_comes_back_as_it_was(ncmec, curator, second_curator, name, fields):
    ncmec.csv_mapping = MAPPINGS[name]
    other = make_list("other")
    file = io.BytesIO(exported(ncmec, curator, "csv"))
    report = bring(other, file, curator, second_curator, format="csv", mapping=MAPPINGS[name])
    assert (report.added, report.refused) == (3, 0)
    assert contents(other, *fields) == contents(ncmec, *fields)


VIOLATIONS = {"violations": {"1": "A1", "4": "B2"}}
SIGNALS = ("violation", "md5", "sha1", "sha256", "photodna")


@pytest.mark.parametrize(
    ("format", "fields"),
    [
        ("ncmec", [*SIGNALS, "pdq", "votes"]),
        ("vics", SIGNALS),
        ("vics-1.3", SIGNALS),
    ],
)
def test_whole_entries_come_back_as_they_were(ncmec, curator, second_curator, format, fields):  # noqa: A002
    HashEntry.objects.filter(external_id="inv-2").update(
        votes={"affirmative": {"md5": 2}, "negative": {"pdq": 1}}
    )
    ncmec.csv_mapping = VIOLATIONS
    other = make_list("other")
    file = io.BytesIO(exported(ncmec, curator, format))
    report = bring(other, file, curator, second_curator, format=format, mapping=VIOLATIONS)
    known = [row for row in contents(ncmec, *fields) if format == "ncmec" or row[2] is not None]
    assert (report.added, report.refused) == (len(known), 0)
    assert contents(other, *fields) == known


@pytest.mark.parametrize(
    ("format", "types"),
    [
        ("threatexchange", ["md5", "sha1", "sha256", "pdq", "photodna"]),
        ("signals", ["md5", "sha1", "sha256", "pdq", "photodna"]),
        ("stopncii", ["md5", "pdq"]),
    ],
)
def test_signals_come_back_one_by_one(ncmec, curator, second_curator, format, types):  # noqa: A002
    other = make_list("other")
    file = io.BytesIO(exported(ncmec, curator, format))
    report = bring(other, file, curator, second_curator, format=format)
    assert report.refused == 0
    for name in types:
        known = HashEntry.objects.filter(**{f"{name}__isnull": False}, state="active")
        found = [
            {bytes(value) for value in known.filter(hash_list=one).values_list(name, flat=True)}
            for one in (ncmec, other)
        ]
        assert found[0] == found[1] != set()


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_tells_who_exported_and_when(ncmec, curator, format):  # noqa: A002
    ncmec.csv_mapping = VIOLATIONS
    head = exported(ncmec, curator, format)[:600].decode()
    assert "curator" in head
    assert f"{HashEntry.objects.latest('pk').created_at:%Y-%m-%dT}" in head


def test_an_encoding_with_a_byte_order_mark_has_it_once(ncmec, curator):
    ncmec.csv_mapping = MAPPINGS["utf-16"]
    text = exported(ncmec, curator, "csv").decode("utf-16")
    assert "\ufeff" not in text
    assert text.splitlines()[1] == f'{record(1)["sha256"]},"inv ""1""; Ä, #"'


def test_only_what_is_in_force_leaves_the_service(ncmec, curator):
    retire_entries(
        entries=HashEntry.objects.filter(external_id="inv-2"), actor=curator, reason="false"
    )
    lines = exported(ncmec, curator).splitlines()[1:]
    assert {json.loads(line)["external_id"] for line in lines} == {'inv "1"; Ä, #', "inv-3"}


def test_an_export_is_recorded_before_its_first_line(ncmec, curator):
    next(iter(export_list(hash_list=ncmec, format="csv", actor=curator)))
    event = AuditEvent.objects.get(action="list.exported")
    assert (event.actor_id, event.target) == ("curator", "list:ncmec")
    assert event.data == {"list": "ncmec", "format": "csv"}
