"""The commands that keep lists: who may use them, what they say, what they leave behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from matching.models import HashEntry, HashList, ListsVersion
from tenants.models import AuditEvent
from tests.matching.importers.records import record, signature_file
from tests.matching.lists import make_list


@pytest.fixture
def june(tmp_path: Path) -> Path:
    """A signatures file of three pictures."""
    path = tmp_path / "june.jsonl"
    path.write_bytes(signature_file(*(record(number) for number in range(3))).getvalue())
    return path


@pytest.fixture
def curators(curator: User, second_curator: User) -> tuple[User, User]:
    make_list()
    return curator, second_curator


def create(slug: str = "june", *, kind: str = "live") -> None:
    call_command("create_hash_list", slug, kind=kind, source="June", violation="B1")


def bring(path: Path, **options: Any) -> None:
    usual = {"list_slug": "ncmec", "format": "signatures", "user": "curator"}
    call_command("import_hash_list", path, **(usual | options))


def test_a_list_is_created_once_and_quietly(db: None, capsys):
    create()
    create()
    created = HashList.objects.get()
    assert (created.slug, created.kind, created.source) == ("june", "live", "June")
    assert created.violation == "B1"
    assert AuditEvent.objects.filter(action="list.created").count() == 1
    assert capsys.readouterr() == ("", "")


def test_a_list_of_another_kind_is_not_taken_for_the_same(db: None):
    create(kind="live")
    with pytest.raises(CommandError, match="june is there already, and of kind live"):
        create(kind="test")


def test_a_slug_that_is_none_is_refused(db: None):
    with pytest.raises(CommandError, match="slug"):
        create("not a slug")


def test_an_import_tells_what_it_did(curators, june: Path, capsys):
    bring(june)
    output, errors = capsys.readouterr()
    assert "3 added, 0 changed, 0 retired, 0 refused, 0 unchanged" in output
    assert errors == ""
    assert set(HashEntry.objects.values_list("state", flat=True)) == {"pending"}


def test_two_curators_put_a_file_in_force(curators, june: Path, capsys):
    bring(june, approved_by="second curator")
    assert "3 approved" in capsys.readouterr().out
    assert set(HashEntry.objects.values_list("state", flat=True)) == {"active"}


def test_a_dry_run_is_called_one(curators, june: Path, capsys):
    bring(june, dry_run=True)
    assert "Dry run: 3 added" in capsys.readouterr().out
    assert not HashEntry.objects.exists()


def test_refusals_are_listed_with_their_lines(curators, june: Path, capsys):
    june.write_bytes(june.read_bytes() + b"nonsense\n")
    bring(june)
    output, errors = capsys.readouterr()
    assert "3 added, 0 changed, 0 retired, 1 refused" in output
    assert errors == "line 4: not JSON: Expecting value at column 1\n"


def test_a_long_list_of_refusals_is_cut_and_says_so(curators, june: Path, capsys):
    june.write_bytes(june.read_bytes() + b"nonsense\n" * 60)
    bring(june)
    assert capsys.readouterr().err.splitlines()[-1] == "… and 10 more were refused"


def test_a_file_without_any_good_record_is_an_error(curators, tmp_path: Path):
    path = tmp_path / "bad.jsonl"
    path.write_text("nonsense\n")
    with pytest.raises(CommandError, match="No record"):
        bring(path)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"approved_by": "curator"}, "approved by somebody who did not run it"),
        ({"user": "nobody"}, "nobody is no curator"),
        ({"user": "visitor"}, "visitor is no curator"),
        ({"approved_by": "visitor"}, "visitor is no curator"),
        ({"user": "gone"}, "gone is no curator"),
        ({"list_slug": "july"}, "no list july"),
        ({"mapping": {}}, "--mapping goes with --format csv"),
        ({"format": "csv"}, "no column 'sha256'"),
    ],
)
def test_an_import_that_may_not_be_says_why_and_adds_nothing(curators, june, options, complaint):
    User.objects.create_user("visitor")
    gone = User.objects.create_user("gone", is_active=False)
    gone.groups.set(curators[0].groups.all())
    with pytest.raises(CommandError, match=complaint):
        bring(june, **options)
    assert not HashEntry.objects.exists()


def test_a_superuser_may_import(curators, june: Path):
    User.objects.create_superuser("root")
    bring(june, user="root")
    assert HashEntry.objects.count() == 3


def test_a_file_that_is_not_there_is_named(curators, tmp_path: Path):
    with pytest.raises(CommandError, match=r"july\.jsonl: No such file"):
        bring(tmp_path / "july.jsonl")


def test_a_mapping_is_read_from_its_file(curators, tmp_path: Path):
    (tmp_path / "list.csv").write_text(f"Hash\n{record(1)['md5']}\n")
    (tmp_path / "mapping.json").write_text('{"columns": {"md5": "Hash"}}')
    arguments = [tmp_path / "list.csv", "--list", "ncmec", "--format", "csv", "--as", "curator"]
    call_command("import_hash_list", *map(str, arguments), "--mapping", f"{tmp_path}/mapping.json")
    assert HashEntry.objects.count() == 1


@pytest.mark.parametrize("content", ["no json", "[]", None])
def test_a_mapping_that_is_none_is_refused(curators, june: Path, tmp_path: Path, content):
    path = tmp_path / "mapping.json"
    if content is not None:
        path.write_text(content)
    arguments = [june, "--list", "ncmec", "--format", "csv", "--as", "curator", "--mapping", path]
    with pytest.raises(CommandError, match=r"mapping\.json"):
        call_command("import_hash_list", *map(str, arguments))


def export(*options: str) -> None:
    call_command("export_hash_list", "ncmec", "--format", "signatures", "--as", "curator", *options)


def test_an_export_is_written_to_a_file_for_its_owner_alone(curators, june, tmp_path: Path):
    bring(june, approved_by="second curator")
    out = tmp_path / "export.jsonl"
    export("--out", str(out))
    mark, *lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert mark["hashservice_export"]["exported_by"] == "curator"
    assert {line["md5"] for line in lines} == {record(number)["md5"] for number in range(3)}
    assert out.stat().st_mode & 0o077 == 0


def test_an_export_goes_to_standard_output_by_default(curators, june, capfdbinary):
    bring(june, approved_by="second curator")
    capfdbinary.readouterr()
    export()
    assert len(capfdbinary.readouterr().out.splitlines()) == 4


def test_only_curators_export(curators):
    with pytest.raises(CommandError, match="visitor is no curator"):
        call_command("export_hash_list", "ncmec", format="csv", user="visitor")
    assert not AuditEvent.objects.filter(action="list.exported").exists()


def test_an_export_that_can_not_be_written_is_an_error(curators, tmp_path: Path):
    with pytest.raises(CommandError, match="No such file"):
        export("--out", str(tmp_path / "missing" / "export.jsonl"))


def test_build_index_publishes_a_snapshot(curators, june, capsys):
    bring(june, approved_by="second curator")
    call_command("build_index")
    assert "3 hashes" in capsys.readouterr().out
    assert ListsVersion.objects.get().snapshot.hashes == 3
