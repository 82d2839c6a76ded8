"""Batches as their senders and workers see them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from matching.batches import work_on
from matching.models import Batch
from tenants.acting import SERVICE, acting_as
from tests.served import form

NDJSON = "application/x-ndjson"
Work = Callable[[str], None]


@pytest.fixture(autouse=True)
def spool_of_its_own(settings: Any, tmp_path: Any) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.fixture(autouse=True)
def no_doorbell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are the queue: tests work them off themselves."""
    monkeypatch.setattr("matching.tasks.work_on_batch.delay", lambda *_: None)


@pytest.fixture
def work() -> Work:
    """Do what a worker does until nothing is left."""

    def work(batch_id: str) -> None:
        with acting_as(SERVICE):
            work_on(
                batch=Batch.objects.select_related("tenant").get(public_id=batch_id), seconds=60
            )

    return work


def lines(*items: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def zipped(**files: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return archive.getvalue()


def submit(client: Client, body: bytes, content_type: str = NDJSON, **headers: str) -> Any:
    return client.post("/v1/batches", body, content_type=content_type, headers=headers)


def submit_form(client: Client, *files: tuple[str, bytes]) -> Any:
    body, content_type = form(*(("image", name, data) for name, data in files))
    return submit(client, body, content_type)


def results(client: Client, batch_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/batches/{batch_id}/results")
    assert answer.status_code == 200, answer.content
    content = b"".join(answer.streaming_content)
    return [json.loads(line) for line in content.splitlines()]
