"""Calls that fail are made again, never counted twice, and never taken for clean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.deploy.client.conftest import Script

CLEAN = {"verdict": "no_known_match"}
BUSY = {"code": "rate_limited", "detail": "later"}
KEY = "hs_test_not-a-real-one"


@pytest.fixture
def client(hashservice_client: ModuleType, script: Script) -> Iterator[Any]:
    with hashservice_client.Client(KEY, script.url, patience=5) as client:
        yield client


def test_a_busy_service_is_asked_again_after_the_time_it_names(
    hashservice_client: ModuleType, client: Any, script: Script
) -> None:
    script.says(429, BUSY, Retry_After="0")
    script.says(200, CLEAN)
    answer = client.match(b"bytes")
    assert answer.verdict is hashservice_client.Verdict.NO_KNOWN_MATCH
    assert len(script.asked) == 2


def test_a_retry_carries_the_same_idempotency_key(client: Any, script: Script) -> None:
    script.says(503, {"code": "index_unavailable"}, Retry_After="0")
    script.says(200, CLEAN)
    client.match(b"bytes")
    first, second = (asked.headers["Idempotency-Key"] for asked in script.asked)
    assert first == second


def test_a_lost_connection_is_no_answer_but_a_reason_to_ask_again(
    client: Any, script: Script
) -> None:
    script.hangs_up()
    script.says(200, CLEAN)
    client.match(b"bytes")
    assert len(script.asked) == 2


def test_patience_ends_before_a_wait_that_is_longer(
    hashservice_client: ModuleType, client: Any, script: Script
) -> None:
    script.says(429, BUSY, Retry_After="3600")
    with pytest.raises(hashservice_client.ServiceError) as raised:
        client.match(b"bytes")
    assert (raised.value.status, raised.value.code) == (429, "rate_limited")


def test_a_refusal_is_raised_at_once(
    hashservice_client: ModuleType, client: Any, script: Script
) -> None:
    script.says(422, {"code": "image_undecodable", "detail": "damaged"}, X_Request_Id="req_1")
    with pytest.raises(hashservice_client.ServiceError, match="image_undecodable") as raised:
        client.match(b"bytes")
    assert raised.value.request_id == "req_1"
    assert len(script.asked) == 1


def test_strict_mode_raises_not_checked(
    hashservice_client: ModuleType, client: Any, script: Script
) -> None:
    script.says(422, {"code": "not_checked", "detail": "quality_too_low"})
    with pytest.raises(hashservice_client.NotChecked):
        client.match(b"bytes")


def test_the_page_of_a_proxy_is_an_error(
    hashservice_client: ModuleType, client: Any, script: Script
) -> None:
    script.replies.append((404, {"Content-Type": "text/html"}, b"<h1>nothing here</h1>"))
    with pytest.raises(hashservice_client.ServiceError, match="no problem document"):
        client.match(b"bytes")


def test_a_key_is_never_sent_over_plain_http(hashservice_client: ModuleType) -> None:
    with pytest.raises(ValueError, match="https"):
        hashservice_client.Client(KEY, "http://hashes.example.org")


def test_many_hashes_are_sent_a_thousand_at_a_time(client: Any, script: Script) -> None:
    script.says(200, {"results": [CLEAN] * 1000})
    script.says(200, {"results": [CLEAN]})
    items = [{"sha256": "00" * 32}] * 1001
    answers = client.match_hashes(items)
    assert (len(answers), len(script.asked)) == (1001, 2)


def test_the_command_line_waits_for_parts_that_are_still_looked_for(
    hashservice_client: ModuleType,
    script: Script,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HASHSERVICE_KEY", KEY)
    (tmp_path / "picture").write_bytes(b"bytes")
    found = {"match_id": "mat_1", "list": "ncmec", "source": "NCMEC", "violation": "A1"}
    script.says(200, {**CLEAN, "submission_id": "sub_1", "pending": ["partial"]})
    script.says(200, {**CLEAN, "submission_id": "sub_1", "pending": ["partial"]})
    script.says(200, {"verdict": "match", "matches": [{**found, "match_type": "partial"}]})

    status = hashservice_client.main(["--url", script.url, "match", str(tmp_path)])

    assert status == hashservice_client.EXIT_MATCH
    assert "ncmec (A1, partial)" in capsys.readouterr().out


def test_parts_that_are_never_looked_for_are_no_verdict(
    hashservice_client: ModuleType, client: Any, script: Script
) -> None:
    script.says(200, {**CLEAN, "submission_id": "sub_1", "pending": ["partial"]})
    answer = client.match(b"bytes")
    with pytest.raises(TimeoutError):
        client.wait_for_parts(answer, seconds=-1)
