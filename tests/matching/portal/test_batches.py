"""Batches in the portal: how far they are, and their results."""

from __future__ import annotations

import base64
import json

import pytest

from matching.models import Batch
from matching.portal import batches
from tenants.models import AuditEvent
from tests.matching.batches.conftest import (
    lines,
    no_doorbell,
    results,
    spool_of_its_own,
    submit,
    work,
)

__all__ = ["no_doorbell", "spool_of_its_own", "work"]
pytestmark = pytest.mark.django_db
BATCHES = "/portal/acme/batches"


@pytest.fixture
def batch_id(acme_api, known_entry, known_picture) -> str:
    image = base64.b64encode(known_picture).decode()
    body = lines({"content_id": "one", "image": image}, {"content_id": "two", "image": "?"})
    answer = submit(acme_api, body)
    assert answer.status_code == 202, answer.content
    found: str = answer.json()["batch_id"]
    return found


def test_unfinished_batch_is_asked_for_again(compliance, batch_id):
    page = compliance.get(BATCHES).content.decode()
    assert f'hx-get="{BATCHES}/{batch_id}/progress"' in page
    assert "<progress" in page

    part = compliance.get(f"{BATCHES}/{batch_id}/progress").content.decode()
    assert part in page
    assert "0 of 2" in part


def test_finished_batch_is_counted_and_asked_for_no_more(compliance, batch_id, work):
    work(batch_id)
    part = compliance.get(f"{BATCHES}/{batch_id}/progress").content.decode()

    assert "1 matched" in part
    assert "1 not checked" in part
    assert "hx-get" not in part


def test_results_are_those_of_the_api(compliance, acme_api, batch_id, work):
    work(batch_id)
    answer = compliance.get(f"{BATCHES}/{batch_id}/results")
    told = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    by_api = results(acme_api, batch_id)

    assert answer["Content-Disposition"] == f'attachment; filename="{batch_id}.ndjson"'
    for line in (*told, *by_api):
        line.get("error", {}).pop("request_id", None)
    assert [line.get("verdict") for line in told] == ["match", None]
    assert told == by_api
    read = AuditEvent.objects.filter(action="batch.read", target=batch_id, actor_kind="user")
    assert read.get().actor_id == "compliance@acme.example"


def test_results_wait_for_the_end(owner, batch_id):
    assert owner.get(f"{BATCHES}/{batch_id}/results").url == BATCHES


@pytest.mark.parametrize("part", ["progress", "results"])
def test_rivals_batch_is_not_found(stranger, batch_id, work, part):
    work(batch_id)

    assert stranger.get(f"/portal/rival/batches/{batch_id}/{part}").status_code == 404
    assert batch_id not in stranger.get("/portal/rival/batches").content.decode()


def test_pages_lose_and_double_nothing(owner, acme_api, batch_id, monkeypatch):
    monkeypatch.setattr(batches, "SHOWN", 2)
    for _ in range(4):
        submit(acme_api, lines({"sha256": "0" * 64}))
    seen, before = [], ""
    while before is not None:
        context = owner.get(BATCHES, {"before": before}).context
        seen += [batch.pk for batch, _ in context["batches"]]
        before = context["older"]

    assert seen == sorted(Batch.objects.values_list("pk", flat=True), reverse=True)


@pytest.mark.parametrize("before", ["x", "\x00", f"bat_{'0' * 22}"])
def test_page_after_nothing_is_not_found(owner, acme, before):
    assert owner.get(BATCHES, {"before": before}).status_code == 404
