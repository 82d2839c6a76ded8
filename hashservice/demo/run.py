"""Submit the copies over HTTP and hold every answer against what it must be."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from hashservice.demo.copies import Alteration

CLIENTS = 4
TIMEOUT_SECONDS = 30
ATTEMPTS = 20
BUSY = "error partial_busy"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: an alteration, what was expected, and what came back."""

    name: str
    expected: str
    answers: Counter[str]
    least: float = 1.0

    @property
    def is_right(self) -> bool:
        accepted = {self.expected, "near"} if self.expected == "partial" else {self.expected}
        right = sum(self.answers[answer] for answer in accepted)
        return right >= self.least * self.answers.total()


def verdicts(url: str, secret: str, submissions: Iterable[tuple[Alteration, bytes]]) -> list[Line]:
    """Send every picture to `url` and sum the answers up by alteration."""
    lines: dict[str, Line] = {}
    for alteration, answered in _all_answers(url, secret, submissions):
        expected = alteration.match_type or "no_known_match"
        new = Line(alteration.name, expected, Counter(), alteration.least)
        line = lines.setdefault(alteration.name, new)
        line.answers[answered] += 1
    return list(lines.values())


def _all_answers(
    url: str, secret: str, submissions: Iterable[tuple[Alteration, bytes]]
) -> Iterator[tuple[Alteration, str]]:
    def ask(submission: tuple[Alteration, bytes]) -> tuple[Alteration, str]:
        alteration, data = submission
        return alteration, _patient_answer(url, secret, data, enhance=alteration.enhance)

    with ThreadPoolExecutor(CLIENTS) as clients:
        yield from clients.map(ask, submissions)


def _patient_answer(url: str, secret: str, data: bytes, *, enhance: bool) -> str:
    """The answer, asked for again as long as the service says that it is too busy for parts."""
    for _ in range(ATTEMPTS):
        answered = _answer(url, secret, data, enhance=enhance)
        if answered != BUSY:
            break
        time.sleep(1)
    return answered


def _answer(url: str, secret: str, data: bytes, *, enhance: bool) -> str:
    """The match type, or the verdict where nothing matched, or the error's code."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/jpeg"}
        path = "/v1/match?enhance=true" if enhance else "/v1/match"
        connection.request("POST", path, body=data, headers=headers)
        body = json.load(connection.getresponse())
    finally:
        connection.close()
    if "verdict" not in body:
        return f"error {body.get('code')}"
    types = {_type(match) for match in body["matches"]}
    return "+".join(sorted(types)) if types else str(body["verdict"])


def _type(match: dict[str, str]) -> str:
    doubtful = match.get("confidence") == "review"
    return f"{match['match_type']} for review" if doubtful else match["match_type"]


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
