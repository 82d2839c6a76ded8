"""Submit the copies over HTTP and hold every answer against what it must be."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from hashservice.demo.copies import Alteration

CLIENTS = 4
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: an alteration, what was expected, and what came back."""

    name: str
    expected: str
    answers: Counter[str]

    @property
    def is_right(self) -> bool:
        return set(self.answers) == {self.expected}


def verdicts(url: str, secret: str, submissions: Iterable[tuple[Alteration, bytes]]) -> list[Line]:
    """Send every picture to `url` and sum the answers up by alteration."""
    lines: dict[str, Line] = {}
    for alteration, answered in _all_answers(url, secret, submissions):
        expected = alteration.match_type or "no_known_match"
        line = lines.setdefault(alteration.name, Line(alteration.name, expected, Counter()))
        line.answers[answered] += 1
    return list(lines.values())


def _all_answers(
    url: str, secret: str, submissions: Iterable[tuple[Alteration, bytes]]
) -> Iterator[tuple[Alteration, str]]:
    def ask(submission: tuple[Alteration, bytes]) -> tuple[Alteration, str]:
        alteration, data = submission
        return alteration, _answer(url, secret, data)

    with ThreadPoolExecutor(CLIENTS) as clients:
        yield from clients.map(ask, submissions)


def _answer(url: str, secret: str, data: bytes) -> str:
    """The match type, or the verdict where nothing matched, or the error's code."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
        connection.request("POST", "/v1/match", body=data, headers=headers)
        body = json.load(connection.getresponse())
    finally:
        connection.close()
    if "verdict" not in body:
        return f"error {body.get('code')}"
    types = {match["match_type"] for match in body["matches"]}
    return "+".join(sorted(types)) if types else str(body["verdict"])


def table(lines: Iterable[Line]) -> str:
    """The lines as text, one a row, with a mark for right and wrong."""
    rows = [("picture sent", "expected", "answered", "")]
    for line in lines:
        answered = ", ".join(f"{count} x {name}" for name, count in line.answers.most_common())
        rows.append((line.name, line.expected, answered, "ok" if line.is_right else "WRONG"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    texts = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    texts.insert(1, "-" * len(texts[0]))
    return "\n".join(texts)
