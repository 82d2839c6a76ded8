"""The client, its command line and the examples of the README against a running service."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from tests.deploy.client.conftest import FOLDER
from tests.served import PICTURES, Served, as_jpeg, over_a_socket

README = (FOLDER.parents[1] / "README.md").read_text("utf8")
EXAMPLES = README.partition("## The API by example")[2].partition("\n### ")[0]

pytestmark = over_a_socket


@dataclass(frozen=True)
class Desk:
    """A folder to run commands in, with `photo.jpg`, and the environment of a customer."""

    served: Served
    folder: Path

    @property
    def key(self) -> str:
        return self.served.key

    @property
    def url(self) -> str:
        return self.served.url

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        variables = {
            "HASHSERVICE_KEY": self.key,
            "KEY": self.key,
            "HASHSERVICE_URL": self.url,
            "PYTHONPATH": str(FOLDER),
            "PATH": os.environ["PATH"],
        }
        return subprocess.run(
            command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False
        )


@pytest.fixture
def desk(served: Served, tmp_path: Path) -> Desk:
    (tmp_path / "photo.jpg").write_bytes(as_jpeg(PICTURES.known[0]))
    return Desk(served, tmp_path)


@pytest.fixture
def in_folder(desk: Desk) -> Iterator[Callable[..., Path]]:
    """Writes the files named into an empty folder."""
    folder = desk.folder / "many"
    folder.mkdir()

    def write(**files: bytes) -> Path:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return folder

    yield write
    shutil.rmtree(folder)


def test_a_known_picture_is_a_match_that_can_be_read_again_and_proven(
    hashservice_client: ModuleType, desk: Desk
) -> None:
    with hashservice_client.Client(desk.key, desk.url) as client:
        answer = client.match(desk.folder / "photo.jpg", content_id="upload-1")
        again = client.submission(answer.submission_id)
        stated = hashservice_client.verify_receipt(
            answer.receipt, client.receipt_keys(), sha256=answer.sha256
        )
    assert answer.is_match
    assert again.matches == answer.matches
    assert stated["submission_id"] == answer.submission_id


def test_a_mirrored_picture_is_found_by_hashes_alone(
    hashservice_client: ModuleType, desk: Desk
) -> None:
    mirrored = Image.open(io.BytesIO(PICTURES.known[1])).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    data = io.BytesIO()
    mirrored.convert("RGB").save(data, "JPEG")
    with hashservice_client.Client(desk.key, desk.url) as client:
        answer = client.match_at_edge(data.getvalue(), content_id="upload-2")
    assert answer.is_match
    assert answer.content_id == "upload-2"


def test_an_unknown_picture_is_no_match_at_the_edge(
    hashservice_client: ModuleType, desk: Desk
) -> None:
    with hashservice_client.Client(desk.key, desk.url) as client:
        assert not client.match_at_edge(PICTURES.unknown[0]).is_match


def test_the_command_line_tells_known_from_unknown_and_unreadable(
    desk: Desk, in_folder: Callable[..., Path]
) -> None:
    folder = in_folder(
        known=as_jpeg(PICTURES.known[0]), unknown=PICTURES.unknown[0], text=b"no image"
    )
    done = desk.run(sys.executable, "-m", "hashservice_client", "match", "--json", folder)
    verdicts = {Path(line["file"]).name: line.get("verdict") for line in lines(done)}
    assert done.returncode == 10, done.stderr
    assert verdicts == {"known": "match", "unknown": "no_known_match", "text": None}


def test_a_folder_with_something_unchecked_does_not_end_as_clean(
    desk: Desk, in_folder: Callable[..., Path]
) -> None:
    folder = in_folder(unknown=PICTURES.unknown[0], text=b"no image")
    assert desk.run(sys.executable, "-m", "hashservice_client", "match", folder).returncode == 11


def test_a_folder_of_unknown_pictures_ends_as_clean(
    desk: Desk, in_folder: Callable[..., Path]
) -> None:
    folder = in_folder(unknown=PICTURES.unknown[0])
    assert desk.run(sys.executable, "-m", "hashservice_client", "match", folder).returncode == 0


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", EXAMPLES, flags=re.DOTALL))
def test_the_examples_in_python_find_the_photo(desk: Desk, code: str) -> None:
    done = desk.run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert "block, preserve, report" in done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize(
    "command", re.findall(r"^curl .*?(?<!\\)$", EXAMPLES, flags=re.DOTALL | re.MULTILINE)
)
def test_the_examples_with_curl_are_answered(desk: Desk, command: str) -> None:
    here = command.replace("http://127.0.0.1:8000", desk.url)
    done = desk.run("sh", "-c", f"{here} --silent --show-error --fail-with-body")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"verdict"' in done.stdout
