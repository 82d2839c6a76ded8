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

from hashservice.demo.copies import rendered_pictures
from tests.benchmarks.installation import installation
from tests.deploy.client.conftest import FOLDER

README = (FOLDER.parents[1] / "README.md").read_text("utf8")
EXAMPLES = README.partition("## The API by example")[2].partition("\n## ")[0]
PICTURES = rendered_pictures()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("client"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the orphans"),
]


@dataclass(frozen=True)
class Served:
    url: str
    key: str
    folder: Path

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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("client")
    (folder / "photo.jpg").write_bytes(as_jpeg(PICTURES.known[0]))
    with installation(workers=1) as installed:
        key = installed.run("tests.deploy.client.installed_key").strip()
        with installed.serving() as service:
            yield Served(service.url, key, folder)


def as_jpeg(data: bytes) -> bytes:
    copy = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(copy, "JPEG", quality=80)
    return copy.getvalue()


@pytest.fixture
def in_folder(served: Served) -> Iterator[Callable[..., Path]]:
    """Writes the files named into an empty folder."""
    folder = served.folder / "many"
    folder.mkdir()

    def write(**files: bytes) -> Path:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return folder

    yield write
    shutil.rmtree(folder)


def test_a_known_picture_is_a_match_that_can_be_read_again_and_proven(
    hashservice_client: ModuleType, served: Served
) -> None:
    with hashservice_client.Client(served.key, served.url) as client:
        answer = client.match(served.folder / "photo.jpg", content_id="upload-1")
        again = client.submission(answer.submission_id)
        stated = hashservice_client.verify_receipt(
            answer.receipt, client.receipt_keys(), sha256=answer.sha256
        )
    assert answer.is_match
    assert again.matches == answer.matches
    assert stated["submission_id"] == answer.submission_id


def test_a_mirrored_picture_is_found_by_hashes_alone(
    hashservice_client: ModuleType, served: Served
) -> None:
    mirrored = Image.open(io.BytesIO(PICTURES.known[1])).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    data = io.BytesIO()
    mirrored.convert("RGB").save(data, "JPEG")
    with hashservice_client.Client(served.key, served.url) as client:
        answer = client.match_at_edge(data.getvalue(), content_id="upload-2")
    assert answer.is_match
    assert answer.content_id == "upload-2"


def test_an_unknown_picture_is_no_match_at_the_edge(
    hashservice_client: ModuleType, served: Served
) -> None:
    with hashservice_client.Client(served.key, served.url) as client:
        assert not client.match_at_edge(PICTURES.unknown[0]).is_match


def test_the_command_line_tells_known_from_unknown_and_unreadable(
    served: Served, in_folder: Callable[..., Path]
) -> None:
    folder = in_folder(
        known=as_jpeg(PICTURES.known[0]), unknown=PICTURES.unknown[0], text=b"no image"
    )
    done = served.run(sys.executable, "-m", "hashservice_client", "match", "--json", folder)
    verdicts = {Path(line["file"]).name: line.get("verdict") for line in lines(done)}
    assert done.returncode == 10, done.stderr
    assert verdicts == {"known": "match", "unknown": "no_known_match", "text": None}


def test_a_folder_with_something_unchecked_does_not_end_as_clean(
    served: Served, in_folder: Callable[..., Path]
) -> None:
    folder = in_folder(unknown=PICTURES.unknown[0], text=b"no image")
    assert served.run(sys.executable, "-m", "hashservice_client", "match", folder).returncode == 11


def test_a_folder_of_unknown_pictures_ends_as_clean(
    served: Served, in_folder: Callable[..., Path]
) -> None:
    folder = in_folder(unknown=PICTURES.unknown[0])
    assert served.run(sys.executable, "-m", "hashservice_client", "match", folder).returncode == 0


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", EXAMPLES, flags=re.DOTALL))
def test_the_examples_in_python_find_the_photo(served: Served, code: str) -> None:
    done = served.run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert "block, preserve, report" in done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize(
    "command", re.findall(r"^curl .*?(?<!\\)$", EXAMPLES, flags=re.DOTALL | re.MULTILINE)
)
def test_the_examples_with_curl_are_answered(served: Served, command: str) -> None:
    here = command.replace("http://127.0.0.1:8000", served.url)
    done = served.run("sh", "-c", f"{here} --silent --show-error --fail-with-body")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"verdict"' in done.stdout
