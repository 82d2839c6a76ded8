"""Hostile files sent to a running service: refused one by one, and nobody else notices."""

from __future__ import annotations

import http.client
import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from hashservice.demo.copies import rendered_pictures
from matching.hashing import ImageError, query_image
from tests.benchmarks.installation import Installation, installation
from tests.hostile import generate

FILES = 2_000
CLIENTS = 4
TIMEOUT_SECONDS = 60
DOCUMENTED = {200, 400, 413, 415, 422}


@dataclass(frozen=True, slots=True)
class Sent:
    name: str
    data: bytes
    status: int
    body: dict[str, str]

    @property
    def was_cleared(self) -> bool:
        return self.body.get("verdict") == "no_known_match"


@pytest.fixture
def installed() -> Iterator[Installation]:
    with installation(workers=2) as installed:
        yield installed


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the orphans")
def test_no_hostile_file_is_a_failure_or_taken_for_checked(installed: Installation) -> None:
    secret = installed.run("tests.hashservice.installed_cast").strip()
    with installed.serving(), ThreadPoolExecutor(CLIENTS) as clients:
        sent = list(
            clients.map(lambda file: send(installed.port, secret, *file), generate(FILES, seed=3))
        )
        sound = send(installed.port, secret, "sound", rendered_pictures().known[0])

    assert sound.body["verdict"] == "match"
    statuses = Counter(answer.status for answer in sent)
    assert set(statuses) <= DOCUMENTED
    assert statuses[422] > FILES / 4
    assert not [answer.name for answer in sent if answer.was_cleared and not is_sound(answer.data)]


def send(port: int, secret: str, name: str, data: bytes) -> Sent:
    """Raises OSError or HTTPException when no answer comes: a hang, or a dead worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
    connection.request("POST", "/v1/match", body=data, headers=headers)
    response = connection.getresponse()
    body = json.load(response)
    connection.close()
    return Sent(name, data, response.status, body)


def is_sound(data: bytes) -> bool:
    """Whether the file, damaged as it is, holds pictures that can be told from others."""
    try:
        return len(query_image(data).trusted()) > 0
    except ImageError:
        return False
