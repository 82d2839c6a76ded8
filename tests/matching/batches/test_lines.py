"""Every line of a body is an item, whatever server and network made of it on the way."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from matching.api.batches.lines import BodyEndedEarly, lines_of
from tests.matching.batches.conftest import NDJSON, lines
from tests.served import Served, over_a_socket


def request_of(body: bytes, announced: int) -> Any:
    return SimpleNamespace(read=io.BytesIO(body).read, META={"CONTENT_LENGTH": str(announced)})


class TestOverASocket:
    pytestmark = over_a_socket

    @pytest.mark.parametrize("padding", [0, 100_000], ids=["short", "long"])
    def test_every_line_is_an_item(self, served: Served, padding: int) -> None:
        image = "A" * padding
        body = lines(*({"content_id": str(number), "image": image} for number in range(20)))
        answer = served.ask(
            "POST", "/v1/batches", body, Authorization=f"Bearer {served.key}", Content_Type=NDJSON
        )

        assert (answer.status, answer.body["total"]) == (202, 20)


def test_lines_are_those_of_the_body() -> None:
    body = b"one\n\ntwo" * 5

    assert list(lines_of(request_of(body, len(body)), longest=100)) == body.splitlines(
        keepends=True
    )


def test_body_that_ends_early_is_refused_even_after_a_whole_line() -> None:
    with pytest.raises(BodyEndedEarly):
        list(lines_of(request_of(b"one\ntwo\n", 12), longest=100))


def test_of_a_line_that_is_too_long_little_is_read() -> None:
    assert len(next(lines_of(request_of(b"x" * 500, 500), longest=100))) == 101
