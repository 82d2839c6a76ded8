"""What was seen of one query of `tests.benchmarks.robustness`, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from matching.index.local.evidence import Band, Evidence, decide

Brief = tuple[int, float, int, int, float, int]
"""Inliers, E, good windows, windows; E and number of windows that the edge cuts."""


@dataclass
class Row:
    """One query: who it was made of (-1: of no reference), who found it, whom else they found."""

    manipulation: str
    photo: int
    found: dict[str, bool]
    wrong: dict[str, int]
    evidence: Brief | None
    others: list[Brief]
    pairs: int
    verified: int
    spent: dict[str, float] = field(default_factory=dict)


def judged(row: Row) -> Row:
    """Apply the decision rule to the evidence of a row, which may have been saved earlier."""
    own = band(row.evidence) if row.evidence else Band.NONE
    others = [band(seen) for seen in row.others]
    row.found["accept"], row.found["review"] = own is Band.ACCEPT, own is not Band.NONE
    row.found["all"] = row.found["near"] or row.found["review"]
    row.wrong["accept"] = others.count(Band.ACCEPT)
    row.wrong["review"] = len(others) - others.count(Band.NONE)
    return row


def band(seen: Brief) -> Band:
    inliers, e, good, windows, cut_e, cut_windows = seen
    return decide(Evidence(inliers, e, good, windows, False, cut_e, cut_windows))


def brief(seen: Evidence) -> Brief:
    whole = seen.inliers, round(seen.e, 2), seen.good_windows, seen.windows
    return *whole, round(seen.cut_e, 2), seen.cut_windows


def saved(rows: Iterable[Row], path: Path | None) -> Iterator[Row]:
    """Pass rows on, each kept as soon as it is there."""
    for row in rows:
        if path:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row)) + "\n")
        yield row


def load(paths: Sequence[Path]) -> list[Row]:
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return [judged(Row(**json.loads(line))) for line in lines]
