"""`hash_images` on folders of all kinds; it never asks for a database."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from matching.hashing import hash_image
from matching.importers import Row
from matching.importers.signatures import Signatures
from matching.management import folder
from tests.local import register_local
from tests.pictures import as_bytes, render_picture

SIZE = (64, 48)


def picture(seed: int) -> bytes:
    return as_bytes(render_picture(seed, SIZE), "PNG")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    directory = tmp_path / "pictures"
    (directory / "below").mkdir(parents=True)
    (directory / "b.png").write_bytes(picture(1))
    (directory / "a.txt").write_bytes(picture(2))
    (directory / "below" / "c.png").write_bytes(picture(3))
    return directory


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoder processes take a second to start; one test has them, the others do not need them."""

    class Decoders:
        def __init__(self, **_: object) -> None: ...
        def __enter__(self) -> Decoders:
            return self

        def __exit__(self, *_: object) -> None: ...
        def register(self, data: bytes) -> object:
            return hash_image(data)

        def register_local(self, _: bytes) -> bytes | None:
            return None

    monkeypatch.setattr(folder, "LocalDecoderPool", Decoders)


def names(directory: Path) -> list[str]:
    found = folder.explore(directory)
    assert not found.closed
    return [path.relative_to(directory).as_posix() for path in found.files]


def signatures(directory: Path, *options: str) -> list[dict[str, object]]:
    out = directory.parent / "out.jsonl"
    call_command("hash_images", str(directory), "--out", str(out), *options)
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_every_image_gets_a_line_in_order_whatever_its_name(pictures: Path):
    records = signatures(pictures, "--jobs", "2")
    assert [record["file"] for record in records] == ["a.txt", "b.png", "below/c.png"]
    expected, local = hash_image(picture(1)), register_local(picture(1))
    assert local is not None
    assert records[1] == {
        "file": "b.png",
        "md5": hashlib.md5(picture(1), usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(picture(1), usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(picture(1)).hexdigest(),
        "pdq": expected.pdq.value.hex(),
        "pdq_quality": expected.pdq.quality,
        "width": 64,
        "height": 48,
        "local": base64.b64encode(local.to_bytes()).decode(),
    }


def test_the_importer_reads_what_is_written(pictures: Path, in_this_process: None):
    signatures(pictures)
    with (pictures.parent / "out.jsonl").open("rb") as file:
        assert [type(row) for row in Signatures().read(file)] == [Row] * 3


def test_lines_go_to_standard_output_by_default(pictures, in_this_process, capfdbinary):
    call_command("hash_images", str(pictures))
    output, errors = capfdbinary.readouterr()
    assert len(output.splitlines()) == 3
    assert errors == b""


def test_files_that_can_not_be_hashed_are_listed_and_make_the_status_1(
    pictures: Path, in_this_process: None, capsys
):
    (pictures / "notes.md").write_text("no picture")
    (pictures / "half.png").write_bytes(picture(4)[:500])
    (pictures / "broken link").symlink_to("nowhere")
    with pytest.raises(CommandError, match="3 could not be hashed"):
        signatures(pictures)
    assert len((pictures.parent / "out.jsonl").read_text().splitlines()) == 3
    listed = capsys.readouterr().err.splitlines()
    assert [line.split("'")[1].rsplit("/")[-1] for line in listed] == [
        "broken link",
        "half.png",
        "notes.md",
    ]
    assert listed[0].endswith(": No such file or directory")


def test_a_file_too_large_is_never_read(pictures: Path, in_this_process: None, capsys):
    with (pictures / "huge.png").open("wb") as file:
        file.truncate(folder.LIMITS.max_bytes + 1)
    with pytest.raises(CommandError):
        signatures(pictures)
    assert "huge.png': more than" in capsys.readouterr().err


def test_a_name_that_is_no_text_is_written_and_read_back(pictures, in_this_process):
    path = os.fsencode(pictures) + b"/\xff\n.png"
    Path(os.fsdecode(path)).write_bytes(picture(5))
    files = [os.fsencode(str(record["file"])) for record in signatures(pictures)]
    assert b"\xff\n.png" in files


def test_links_are_followed_and_loops_end(pictures: Path, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "d.png").write_bytes(picture(6))
    (pictures / "linked").symlink_to(elsewhere)
    (pictures / "e.png").symlink_to(elsewhere / "d.png")
    (elsewhere / "back").symlink_to(pictures)
    (pictures / "self").symlink_to(pictures)
    assert names(pictures) == ["a.txt", "b.png", "e.png", "below/c.png", "linked/d.png"]


def test_pipes_are_left_out(pictures: Path):
    os.mkfifo(pictures / "pipe")
    assert "pipe" not in names(pictures)


def test_a_closed_folder_is_told(pictures: Path, monkeypatch: pytest.MonkeyPatch):
    scandir = os.scandir

    def closed(path: str) -> object:  # by its rights alone no folder is closed to root
        if path.endswith("below"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert folder.explore(pictures).closed == [(pictures / "below", "Permission denied")]


def test_an_earlier_output_inside_the_folder_is_no_picture(pictures, in_this_process):
    out = pictures / "out.jsonl"
    for _ in range(2):
        call_command("hash_images", str(pictures), "--out", str(out))
    assert len(out.read_text().splitlines()) == 3


def test_an_output_that_breaks_off_leaves_the_earlier_one(
    pictures, in_this_process, monkeypatch, tmp_path
):
    out = tmp_path / "out.jsonl"
    out.write_text("earlier")
    monkeypatch.setattr(
        "matching.management.commands.hash_images.hash_files", lambda *_, **__: 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        call_command("hash_images", str(pictures), "--out", str(out))
    assert out.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["missing"], "is no folder"), ([".", "--jobs", "0"], "--jobs must be at least 1")],
)
def test_arguments_that_make_no_sense_are_refused(arguments, complaint):
    with pytest.raises(CommandError, match=complaint):
        call_command("hash_images", *arguments)


def test_an_output_that_can_not_be_written_is_an_error(pictures, in_this_process, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("hash_images", str(pictures), "--out", str(tmp_path / "missing" / "out"))
